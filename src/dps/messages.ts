import { z } from 'zod';
import type { ServiceError } from './registrationResult.ts';

/** DeviceRegistration (REST reference, device API): the body of the register message. */
export function deviceRegistration(registrationId: string, payload: unknown): string {
  return JSON.stringify(payload === undefined ? { registrationId } : { registrationId, payload });
}

const registrationState = z.looseObject({
  assignedHub: z.string().optional(),
  deviceId: z.string().optional(),
  status: z.string().optional(),
  substatus: z.string().optional(),
  errorCode: z.number().optional(),
  errorMessage: z.string().optional(),
  trackingId: z.string().optional(),
  payload: z.unknown().optional(),
});

/** RegistrationOperationStatus (REST reference, device API). `disabled` comes with an empty operationId; unknown words must not crash. */
const operationStatus = z.looseObject({
  operationId: z.string().nullish(),
  status: z.string(),
  registrationState: registrationState.nullish(),
});

export type OperationStatus = z.infer<typeof operationStatus>;

const serviceError = z.looseObject({
  errorCode: z.number().optional(),
  trackingId: z.string().optional(),
  message: z.string().optional(),
  timestampUtc: z.string().optional(),
});

/** A service's sentence goes into logs and pages: control characters are taken out, and its length is bounded. */
const keptMessageCharacters = 400;

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
    ...(errorCode !== undefined && { errorCode }),
    ...(trackingId !== undefined && { trackingId: printable(trackingId) }),
    ...(message !== undefined && { message: printable(message) }),
    ...(timestampUtc !== undefined && { timestampUtc: printable(timestampUtc) }),
  };
}

export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is the point
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, keptMessageCharacters);
}

function parseJson(body: Buffer): { readonly value: unknown } | { readonly fault: string } {
  if (body.length === 0) return { fault: 'the body is empty' };
  try {
    return { value: JSON.parse(body.toString('utf8')) };
  } catch {
    return { fault: `the body is no JSON (${body.length} bytes)` };
  }
}
