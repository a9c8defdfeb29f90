/** The service's responses as plain data: `RegistrationOperationStatus` and error bodies (REST reference). */
import { createHash, randomUUID, type X509Certificate } from 'node:crypto';

/** A response before it is published. `body` is JSON, or text if a fault needs it. */
export interface ServiceResponse {
  readonly status: number;
  /** In seconds, or a fault's value. */
  readonly retryAfter?: number | string;
  readonly body: unknown;
  /** For the request history; never sent. */
  readonly note?: string | undefined;
}

/** The body of every 3xx to 5xx. `errorCode` has six digits; the first three are the status. */
export function errorResponse(status: number, errorCode: number, message: string, now: Date): ServiceResponse {
  return { status, body: { errorCode, trackingId: randomUUID(), message, timestampUtc: utc(now) } };
}

/** 202: the operation has not finished; poll again. */
export function assigning(
  operationId: string,
  retryAfterSeconds: number,
  registrationId: string | undefined,
): ServiceResponse {
  const state = registrationId === undefined ? {} : { registrationState: { registrationId, status: 'assigning' } };
  return { status: 202, retryAfter: retryAfterSeconds, body: { operationId, status: 'assigning', ...state } };
}

/** A 200 for an operation that finished without an assignment. */
export function finished(
  operationId: string,
  registrationId: string,
  status: string,
  now: Date,
  more: Record<string, unknown> = {},
): ServiceResponse {
  const registrationState = {
    registrationId,
    status,
    createdDateTimeUtc: utc(now),
    lastUpdatedDateTimeUtc: utc(now),
    ...more,
  };
  return { status: 200, body: { operationId, status, registrationState } };
}

/** `X509CertificateInfo` of the REST reference. */
export function certificateInfo(certificate: X509Certificate | undefined): Record<string, unknown> | undefined {
  if (certificate === undefined) return undefined;
  return {
    subjectName: certificate.subject?.replaceAll('\n', ', '),
    sha1Thumbprint: createHash('sha1').update(certificate.raw).digest('hex').toUpperCase(),
    sha256Thumbprint: createHash('sha256').update(certificate.raw).digest('hex').toUpperCase(),
    issuerName: certificate.issuer?.replaceAll('\n', ', '),
    notBeforeUtc: certificate.validFromDate.toISOString(),
    notAfterUtc: certificate.validToDate.toISOString(),
    serialNumber: certificate.serialNumber,
    version: 3,
  };
}

/** The service writes seven decimals; JavaScript has three. */
export function utc(time: Date): string {
  return time.toISOString().replace('Z', '0000Z');
}
