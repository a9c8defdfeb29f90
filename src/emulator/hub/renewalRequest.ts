/** The request on `$iothub/credentials/POST/issueCertificate`, checked by the hub's table of errors. */
import { randomUUID } from 'node:crypto';
import { type CertificateRequest, readCertificateRequest } from '../credentials/certificateRequest.ts';

/** An operation that the hub has accepted with 202, until its result is delivered to the device. */
export interface PendingRenewal {
  readonly rid: string;
  readonly correlationId: string;
  readonly expiresAtMs: number;
  /** Set when the operation has finished. */
  result: RenewalResponse | undefined;
}

export interface RenewalResponse {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface RenewalRequest {
  /** Undefined: the CSR is base64 of an allowed size, but cannot be parsed. */
  readonly csr: CertificateRequest | undefined;
  /** Why the CSR cannot be parsed. */
  readonly why: string | undefined;
  readonly replace: string | undefined;
}

const fields: ReadonlySet<string> = new Set(['id', 'csr', 'replace']);
/** 4 to 36 letters, digits and hyphens, no hyphen at either end. */
const replacedRid = /^(?=.{4,36}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;
const csrRule = 'expected base64 of at most 8 KB';

/** The parsed request, or the error response. */
export function parseRenewalRequest(body: string, deviceId: string): RenewalRequest | RenewalResponse {
  if (body === '') return renewalError(400, 400004, 'The body is empty.');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return renewalError(400, 400006, 'The body is not valid JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return invalid('The body is not an object.');
  const unknown = Object.keys(parsed).find((name) => !fields.has(name));
  if (unknown !== undefined) return invalid(`Unknown field ${JSON.stringify(unknown.slice(0, 64))}.`);
  const { id, csr, replace } = parsed as { readonly id?: unknown; readonly csr?: unknown; readonly replace?: unknown };
  if (id !== deviceId) return invalid('id: expected the device ID of this connection.');
  if (typeof csr !== 'string' || csr === '') return invalid(`csr: ${csrRule}.`);
  if (replace !== undefined && (typeof replace !== 'string' || !(replace === '*' || replacedRid.test(replace))))
    return invalid('replace: expected "*" or the $rid of the pending request.');
  const read = readCertificateRequest(csr);
  if (read.kind === 'read') return { csr: read.request, why: undefined, replace };
  return read.form === 'text' ? invalid(`csr: it ${read.why}.`) : { csr: undefined, why: read.why, replace };
}

export function renewalError(
  status: number,
  errorCode: number,
  message: string,
  info: Record<string, unknown> | null = null,
  more: Record<string, unknown> = {},
): RenewalResponse {
  const timestampUtc = utc(Date.now());
  return { status, body: { errorCode, message, trackingId: randomUUID(), timestampUtc, info, ...more } };
}

/** The hub writes nine decimals. */
export function utc(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000000Z');
}

function invalid(message: string): RenewalResponse {
  return renewalError(400, 400004, message);
}
