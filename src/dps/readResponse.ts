import { printable, printableJson } from '../transport/printable.ts';
import type { MalformedResponse } from '../transport/transportFailure.ts';
import { isThere, type OperationStatus, parseOperationStatus, parseServiceError, readableError } from './messages.ts';
import type { Assigned, RegistrationResult, Throttled } from './registrationResult.ts';
import type { DpsResponse } from './requests.ts';

/** What one response means for the exchange. */
export type ResponseReading =
  | {
      readonly kind: 'finished';
      readonly result: RegistrationResult;
      /** As received, not judged; only with `assigned`. */
      readonly issuedCertificateChain?: unknown;
    }
  /** 202: poll later, with this operationId. */
  | { readonly kind: 'accepted'; readonly operationId: string }
  /** 429: send the same request again later. */
  | { readonly kind: 'throttled'; readonly result: Throttled };

/** A larger returned payload is not stored; its size is. */
const maxKeptPayloadBytes = 4096;

/**
 * The status in the topic decides. A 200 means "finished", and the body's `status` is the result: `assigned`, `failed` or `disabled`.
 * `retryAfterSeconds`: how long the caller will wait if the operation has not finished.
 */
export function readResponse(
  { status, body }: Pick<DpsResponse, 'status' | 'body'>,
  phase: 'register' | 'assign',
  retryAfterSeconds: number,
): ResponseReading {
  if (status === 429) {
    const error = parseServiceError(body);
    return { kind: 'throttled', result: { kind: 'throttled', phase, status, retryAfterSeconds, ...error } };
  }
  if (status >= 300) return finished({ kind: 'rejected', phase, status, ...parseServiceError(body) });

  const operation = parseOperationStatus(body);
  if ('malformed' in operation) return malformed(phase, `response ${status}: ${operation.malformed}`);
  if (status === 202) return accepted(operation, phase);
  if (status === 200) return readFinished(operation, phase);
  return malformed(phase, `response ${status} is neither 200, 202 nor an error`);
}

/** Real ones have some sixty characters. A topic name holds 65,535 bytes, and no lone surrogate (MQTT 3.1.1 section 1.5.3). */
const maxOperationIdCharacters = 1024;

function accepted({ operationId }: OperationStatus, phase: 'register' | 'assign'): ResponseReading {
  if (!operationId && phase === 'register') return malformed(phase, 'the response has no operationId to poll with');
  if (operationId && (operationId.length > maxOperationIdCharacters || !operationId.isWellFormed())) {
    return malformed(phase, 'the operationId cannot be part of a topic name');
  }
  return { kind: 'accepted', operationId: operationId ?? '' };
}

function readFinished(operation: OperationStatus, phase: 'register' | 'assign'): ResponseReading {
  const operationId = printable(operation.operationId ?? '');
  const state = operation.registrationState ?? operation.registrationStatus ?? {};
  switch (operation.status) {
    case 'assigned': {
      const { assignedHub, deviceId, substatus, connectionProfile, payload, issuedCertificateChain } = state;
      if (!assignedHub || !deviceId) {
        return malformed(phase, `assigned, but without ${assignedHub ? 'a deviceId' : 'an assignedHub'}`);
      }
      const result: RegistrationResult = {
        kind: 'assigned',
        operationId,
        assignedHub: printable(assignedHub),
        deviceId: printable(deviceId),
        ...(isThere(substatus) && { substatus: printable(substatus) }),
        ...(isThere(connectionProfile) && { connectionProfile: printable(connectionProfile) }),
        ...keptPayload(payload),
      };
      return { kind: 'finished', result, ...(isThere(issuedCertificateChain) && { issuedCertificateChain }) };
    }
    case 'failed': {
      const { errorCode, errorMessage, trackingId } = state;
      return finished({
        kind: 'failed',
        phase,
        operationId,
        ...readableError({ errorCode, trackingId, message: errorMessage }),
      });
    }
    case 'disabled':
      return finished({ kind: 'disabled', phase, operationId });
    case 'assigning':
    case 'unassigned':
      // The document does not allow these with 200, but the SDKs keep polling: the operation has not finished.
      return accepted(operation, phase);
    default:
      return malformed(phase, `response 200 with the unknown status "${printable(operation.status)}"`);
  }
}

function keptPayload(payload: unknown): Pick<Assigned, 'payload' | 'payloadBytes'> {
  if (!isThere(payload)) return {};
  const payloadBytes = sizeOf(payload);
  if (payloadBytes === undefined) return {};
  return payloadBytes > maxKeptPayloadBytes ? { payloadBytes } : { payload: printableJson(payload), payloadBytes };
}

/** Undefined when it is nested too deep to be serialised. */
function sizeOf(payload: unknown): number | undefined {
  try {
    return Buffer.byteLength(JSON.stringify(payload));
  } catch {
    return undefined;
  }
}

function finished(result: RegistrationResult): ResponseReading {
  return { kind: 'finished', result };
}

function malformed(phase: MalformedResponse['phase'], message: string): ResponseReading {
  return finished({ kind: 'malformedResponse', phase, message });
}

/** What Microsoft's SDKs wait when the service gives no time. */
const defaultSeconds = 2;
/** "5 polls in 10 s per device" (service limits). With a retry-after of zero, this many responses may follow without a wait. */
const responsesWithoutWait = 5;
/** Far beyond every deadline, and within an Int32. */
const maxSeconds = 2 ** 31 - 1;

export interface RetryAfter {
  /** Seconds to wait before the next request. */
  readonly seconds: number;
  /** The parameter is not a whole number of seconds, which the document requires. */
  readonly invalid: boolean;
}

/**
 * Reads the `retry-after` parameter as received. One that is missing, negative or not a decimal number counts as the SDKs' default. Less
 * than a second counts as zero. Zero is honoured until that would exceed the service's limit of polls.
 */
export function readRetryAfter(sent: string | undefined, responsesSoFar: number): RetryAfter {
  const read = sent !== undefined && /^\d+(\.\d+)?$/.test(sent) ? Math.min(Number(sent), maxSeconds) : defaultSeconds;
  const seconds = read >= 1 ? read : responsesSoFar > responsesWithoutWait ? defaultSeconds : 0;
  return { seconds, invalid: sent === undefined || !/^\d{1,9}$/.test(sent) };
}
