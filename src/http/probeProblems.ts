import type { HttpResponseInit } from '@azure/functions';
import { closestMatch } from 'leven';
import { problem, shown } from './problem.ts';

const maxListed = 20;

/** 404 for a name that no configured probe has, with the same text on every route. */
export function unknownProbe(
  name: string,
  probes: readonly { readonly name: string }[],
  where?: Where,
): HttpResponseInit {
  const names = probes.map((probe) => probe.name);
  const detail = `No probe is called ${JSON.stringify(shown(name))}; ${configured(names)}${suggestion(name, names)}.`;
  return problem({
    status: 404,
    title: 'No such probe',
    detail,
    ...(where && {
      errors: [{ ...where, detail: `expected the name of a configured probe, got ${JSON.stringify(shown(name))}` }],
    }),
  });
}

/** Where the request names the probe, if not in the path. */
type Where = { readonly pointer: string } | { readonly parameter: string };

function configured(names: readonly string[]): string {
  if (names.length === 0) return 'none is configured';
  const more = names.length - maxListed;
  return `configured are ${names.slice(0, maxListed).join(', ')}${more > 0 ? ` and ${more} more (GET /api/probes lists them)` : ''}`;
}

function suggestion(name: string, names: readonly string[]): string {
  const meant = closestMatch(shown(name), names, { maxDistance: Math.max(1, Math.floor(name.length / 3)) });
  return meant === undefined ? '' : ` (did you mean ${JSON.stringify(meant)}?)`;
}

/** Another process is running the device. Requests do not wait in a queue; the caller tries again. */
export function deviceBusy(
  { name, registrationId }: { readonly name: string; readonly registrationId: string },
  { retryAfterSeconds }: { readonly retryAfterSeconds: number },
  status: 409 | 503,
): HttpResponseInit {
  const detail = `Another run of device ${registrationId} is in progress, so probe ${name} did not run. Try again in ${retryAfterSeconds} s.`;
  return problem({ status, title: 'The device is busy', detail }, { 'retry-after': String(retryAfterSeconds) });
}
