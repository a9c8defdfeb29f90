import type { HttpResponseInit } from '@azure/functions';
import { problem } from './problem.ts';

/** Another process runs the device. No caller queues: it asks again. */
export function deviceBusy(
  { name, registrationId }: { readonly name: string; readonly registrationId: string },
  { retryAfterSeconds }: { readonly retryAfterSeconds: number },
  status: 409 | 503,
): HttpResponseInit {
  const detail = `Another run of device ${registrationId} is in progress, so probe ${name} did not run. Try again in ${retryAfterSeconds} s.`;
  return problem({ status, title: 'The device is busy', detail }, { 'retry-after': String(retryAfterSeconds) });
}
