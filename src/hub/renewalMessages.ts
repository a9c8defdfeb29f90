import * as z from 'zod/mini';
import { printable } from '../transport/printable.ts';
import type { MalformedResponse } from '../transport/transportFailure.ts';
import type { HubRenewed, RenewalInfo, RenewalOperation, RenewalRejected } from './hubResult.ts';

const accepted = z.looseObject({
  correlationId: z.optional(z.string()),
  operationExpires: z.optional(z.string()),
});

/** The body of a 202. Leaves out what cannot be read: the status is what counts. */
export function readOperation(body: Buffer): RenewalOperation {
  const { correlationId, operationExpires } = accepted.safeParse(parseJson(body)).data ?? {};
  return {
    ...(correlationId !== undefined && { correlationId: printable(correlationId) }),
    ...(operationExpires !== undefined && { operationExpires: printable(operationExpires) }),
  };
}

const issued = z.looseObject({
  correlationId: z.catch(z.optional(z.string()), undefined),
  certificates: z.optional(z.unknown()),
});

/** The body of a 200. */
export function readIssued(body: Buffer): Omit<HubRenewed, 'durationMs'> | MalformedResponse {
  const parsed = issued.safeParse(parseJson(body));
  if (!parsed.success) {
    const message = `the hub's response 200 is not a JSON object (${body.length} bytes)`;
    return { kind: 'malformedResponse', phase: 'hub', message };
  }
  const { certificates, correlationId } = parsed.data;
  return {
    kind: 'renewed',
    certificates,
    ...(correlationId !== undefined && { correlationId: printable(correlationId) }),
  };
}

/** A number, or a string of digits: serialisers differ. */
const numeric = z.union([z.number(), z.pipe(z.string().check(z.regex(/^\d{1,9}$/)), z.transform(Number))]);

const rejection = z.looseObject({
  errorCode: z.catch(z.optional(numeric), undefined),
  message: z.catch(z.optional(z.string()), undefined),
  trackingId: z.catch(z.optional(z.string()), undefined),
  retryAfter: z.catch(z.optional(numeric), undefined),
  info: z.catch(z.optional(z.record(z.string(), z.unknown())), undefined),
});

/** The body of an error. The status is a finding even when the body is malformed. */
export function readRejection(status: number, body: Buffer): RenewalRejected {
  const parsed = rejection.safeParse(parseJson(body));
  if (!parsed.success) {
    const message = body.length === 0 ? {} : { message: printable(body.toString('utf8')) };
    return { kind: 'renewalRejected', status, ...message };
  }
  const { errorCode, trackingId, retryAfter, info } = parsed.data;
  const isOfAnotherForm = errorCode === undefined && parsed.data.message === undefined;
  // An object in an unknown form: show all of it.
  const message = isOfAnotherForm ? body.toString('utf8') : parsed.data.message;
  return {
    kind: 'renewalRejected',
    status,
    ...(errorCode !== undefined && { errorCode }),
    ...(message !== undefined && { message: printable(message) }),
    ...(trackingId !== undefined && { trackingId: printable(trackingId) }),
    ...(retryAfter !== undefined && { retryAfterSeconds: retryAfter }),
    ...(info && { info: boundedInfo(info) }),
  };
}

const maxInfoFields = 10;
const maxNameCharacters = 64;

/** The hub's details as text and numbers: nested values become JSON text. */
function boundedInfo(info: Readonly<Record<string, unknown>>): RenewalInfo {
  const fields = Object.entries(info).slice(0, maxInfoFields);
  return Object.fromEntries(
    fields.map(([name, value]) => [
      printable(name, maxNameCharacters),
      typeof value === 'number' || typeof value === 'boolean' ? value : printable(asText(value)),
    ]),
  );
}

function asText(value: unknown): string {
  try {
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  } catch {
    return ''; // nested too deep to be serialised
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
