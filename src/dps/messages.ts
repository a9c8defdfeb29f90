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
  /** Its name in responses of 2017. */
  registrationStatus: registrationState.nullish(),
});

export type OperationStatus = z.infer<typeof operationStatus>;

/** The body, or what is wrong with it together with the service's own words, which are the finding then. */
export function parseOperationStatus(body: Buffer): OperationStatus | { readonly malformed: string } {
  if (body.length === 0) return { malformed: 'the body is empty' };
  const json = parseJson(body);
  if (json === undefined) return { malformed: `the body is not valid JSON: ${quote(parseServiceError(body))}` };
  const parsed = operationStatus.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'body';
  return {
    malformed: `the body is not a RegistrationOperationStatus (${printable(`${where}: ${issue?.message}`)}): ${quote(parseServiceError(body))}`,
  };
}

/** Whatever of an error body can be read: a status is a finding even when its body is not what it should be. */
export function parseServiceError(body: Buffer): ServiceError {
  const text = body.toString('utf8');
  const json = parseJson(body);
  if (!isObject(json)) return text.trim() === '' ? {} : { message: printableMessage(text) };
  if (Object.keys(json).length === 0) return {};
  const { errorCode, trackingId, timestampUtc } = json;
  const message = firstText(json.message, json.Message, json.errorMessage, json.error_description, json.error);
  const code = typeof errorCode === 'string' && /^\d{1,6}$/.test(errorCode) ? Number(errorCode) : errorCode;
  const known: ServiceError = {
    ...(typeof code === 'number' && Number.isFinite(code) && { errorCode: code }),
    ...(typeof trackingId === 'string' && { trackingId: printable(trackingId) }),
    ...(message !== undefined && { message: printableMessage(message) }),
    ...(typeof timestampUtc === 'string' && { timestampUtc: printable(timestampUtc) }),
  };
  // An object in another form: what it says is in there somewhere.
  return Object.keys(known).length > 0 ? known : { message: printableMessage(text) };
}

/** Service errors are nested JSON at times, and are read again to be explained. */
export function printableMessage(text: string): string {
  return printable(text, 1_000);
}

function quote({ errorCode, message, trackingId }: ServiceError): string {
  const parts = [
    errorCode === undefined ? '' : `errorCode ${errorCode}`,
    message === undefined ? '' : `"${message}"`,
    trackingId === undefined ? '' : `trackingId ${trackingId}`,
  ];
  return parts.filter(Boolean).join(', ') || 'it says nothing';
}

function firstText(...fields: readonly unknown[]): string | undefined {
  for (const field of fields) {
    if (typeof field === 'string' && field !== '') return field;
    if (isObject(field) && typeof field.message === 'string') return field.message;
  }
  return undefined;
}

function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isThere<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

/** Undefined for what is not JSON. A byte order mark in front is not part of it (RFC 8259 section 8.1). */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8').replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}
