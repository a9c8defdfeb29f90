import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { printable } from '../transport/printable.ts';
import { readNestedMessage } from './nestedMessage.ts';
import type { ServiceError } from './registrationResult.ts';

/** DeviceRegistration (REST reference, device API): the body of the register message. */
export function deviceRegistration(registrationId: string, payload: unknown, csr?: string): string {
  return JSON.stringify({ registrationId, csr, payload }); // leaves out undefined fields
}

/** A missing value may be left out or null: serialisers differ. */
const registrationState = z.looseObject({
  assignedHub: z.nullish(z.string()),
  deviceId: z.nullish(z.string()),
  substatus: z.nullish(z.string()),
  errorCode: z.nullish(z.number()),
  errorMessage: z.nullish(z.string()),
  trackingId: z.nullish(z.string()),
  payload: z.optional(z.unknown()),
  connectionProfile: z.catch(z.nullish(z.string()), undefined),
  issuedCertificateChain: z.optional(z.unknown()),
});

/** RegistrationOperationStatus (REST reference, device API). `disabled` has an empty operationId; unknown values must not crash. */
const operationStatus = z.looseObject({
  operationId: z.nullish(z.string()),
  status: z.string(),
  registrationState: z.nullish(registrationState),
  /** The field's name in responses of 2017. */
  registrationStatus: z.nullish(registrationState),
});

export type OperationStatus = z.infer<typeof operationStatus>;

/** `zod/mini` has no texts of its own. */
const inEnglish = { error: en().localeError };

/** The parsed body, or what is wrong with it, with the service's own message. */
export function parseOperationStatus(body: Buffer): OperationStatus | { readonly malformed: string } {
  if (body.length === 0) return { malformed: 'the body is empty' };
  const json = parseJson(body);
  if (json === undefined) return { malformed: `the body is not valid JSON: ${quote(parseServiceError(body))}` };
  const parsed = operationStatus.safeParse(json, inEnglish);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'body';
  return {
    malformed: `the body is not a RegistrationOperationStatus (${printable(`${where}: ${issue?.message}`)}): ${quote(parseServiceError(body))}`,
  };
}

/** As much of an error body as can be read: the status is a finding even when the body is malformed. */
export function parseServiceError(body: Buffer): ServiceError {
  const text = body.toString('utf8');
  const json = parseJson(body);
  if (!isObject(json)) return text.trim() === '' ? {} : { message: printableMessage(text) };
  if (Object.keys(json).length === 0) return {};
  const { errorCode, trackingId, timestampUtc } = json;
  const message = firstText(json.message, json.Message, json.errorMessage, json.error_description, json.error);
  const code = typeof errorCode === 'string' && /^\d{1,6}$/.test(errorCode) ? Number(errorCode) : errorCode;
  const known: ServiceError = {
    ...readableError({
      errorCode: typeof code === 'number' && Number.isFinite(code) ? code : undefined,
      trackingId: typeof trackingId === 'string' ? trackingId : undefined,
      message,
    }),
    ...(typeof timestampUtc === 'string' && { timestampUtc: printable(timestampUtc) }),
  };
  // An object in an unknown form: show all of it.
  return Object.keys(known).length > 0 ? known : { message: printableMessage(text) };
}

/** A service's error for people: JSON inside the message is unpacked, and all text is printable and limited in length. */
export function readableError(error: {
  readonly errorCode?: number | null | undefined;
  readonly trackingId?: string | null | undefined;
  readonly message?: string | null | undefined;
}): Pick<ServiceError, 'errorCode' | 'trackingId' | 'message' | 'isNested'> {
  const nested = isThere(error.message) ? readNestedMessage(error.message) : undefined;
  const [errorCode, trackingId] = [error.errorCode ?? nested?.errorCode, error.trackingId ?? nested?.trackingId];
  const isOtherCode = nested?.errorCode !== undefined && nested.errorCode !== errorCode;
  return {
    ...(isThere(errorCode) && { errorCode }),
    ...(isThere(trackingId) && { trackingId: printable(trackingId) }),
    ...(nested && {
      message: printableMessage(isOtherCode ? `${nested.words} (errorCode ${nested.errorCode})` : nested.words),
    }),
    ...(nested?.isNested && { isNested: true }),
  };
}

/** Limited to a length that a service's sentences fit into. */
function printableMessage(text: string): string {
  return printable(text, 1_000);
}

function quote({ errorCode, message, trackingId }: ServiceError): string {
  const parts = [
    errorCode === undefined ? '' : `errorCode ${errorCode}`,
    message === undefined ? '' : `"${message}"`,
    trackingId === undefined ? '' : `trackingId ${trackingId}`,
  ];
  return parts.filter(Boolean).join(', ') || 'it has no message';
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

/** Undefined when it is not valid JSON. Ignores a byte order mark (RFC 8259 section 8.1). */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8').replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}
