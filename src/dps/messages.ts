import * as z from 'zod';
import { printable } from '../transport/printable.ts';
import type { ServiceError } from './registrationResult.ts';

/** DeviceRegistration (REST reference, device API): the body of the register message. */
export function deviceRegistration(registrationId: string, payload: unknown, csr?: string): string {
  return JSON.stringify({ registrationId, csr, payload }); // what is undefined is left out
}

/** What is not there may be left out or be null: serialisers do either. */
const registrationState = z.looseObject({
  assignedHub: z.string().nullish(),
  deviceId: z.string().nullish(),
  status: z.string().nullish(),
  substatus: z.string().nullish(),
  errorCode: z.number().nullish(),
  errorMessage: z.string().nullish(),
  trackingId: z.string().nullish(),
  payload: z.unknown().optional(),
  connectionProfile: z.string().nullish().catch(undefined),
  issuedCertificateChain: z.unknown().optional(),
});

/** RegistrationOperationStatus (REST reference, device API). `disabled` comes with an empty operationId; unknown words must not crash. */
const operationStatus = z.looseObject({
  operationId: z.string().nullish(),
  status: z.string(),
  registrationState: registrationState.nullish(),
});

export type OperationStatus = z.infer<typeof operationStatus>;

const serviceError = z.looseObject({
  errorCode: z.number().nullish(),
  trackingId: z.string().nullish(),
  message: z.string().nullish(),
  timestampUtc: z.string().nullish(),
});

export function parseOperationStatus(body: Buffer): OperationStatus | { readonly fault: string } {
  const json = parseJson(body);
  if ('fault' in json) return json;
  const parsed = operationStatus.safeParse(json.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return { fault: `the body is no RegistrationOperationStatus: ${issue?.path.join('.') || 'body'}: ${issue?.message}` };
}

/** Whatever of the error body can be read: a status is a finding even when its body is not what it should be. */
export function parseServiceError(body: Buffer): ServiceError {
  const json = parseJson(body);
  const parsed = 'fault' in json ? undefined : serviceError.safeParse(json.value);
  if (!parsed?.success) return body.length === 0 ? {} : { message: printable(body.toString('utf8')) };
  const { errorCode, trackingId, message, timestampUtc } = parsed.data;
  return {
    ...(isThere(errorCode) && { errorCode }),
    ...(isThere(trackingId) && { trackingId: printable(trackingId) }),
    ...(isThere(message) && { message: printable(message) }),
    ...(isThere(timestampUtc) && { timestampUtc: printable(timestampUtc) }),
  };
}

export function isThere<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

function parseJson(body: Buffer): { readonly value: unknown } | { readonly fault: string } {
  if (body.length === 0) return { fault: 'the body is empty' };
  try {
    return { value: JSON.parse(body.toString('utf8')) };
  } catch {
    return { fault: `the body is no JSON (${body.length} bytes)` };
  }
}
