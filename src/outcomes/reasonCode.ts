import type { HubRefusal } from '../hub/hubResult.ts';
import type { ProbeResult } from './outcome.ts';

/**
 * Why a run ended as it did, in one short word of bounded cardinality: `rejected:401002@register`, `timedOut@assign`,
 * `unreachable:ENOTFOUND@dns`, `assigned`. What metrics are labelled with and simulations count by. It is made of the kind, the
 * service's or the platform's own code, and the phase if one was entered; never of a message, which may hold anything.
 */
export function reasonCode({ result }: { readonly result: ProbeResult }): string {
  switch (result.kind) {
    case 'assigned':
      return result.kind;
    case 'hubRefused':
      return `${result.kind}:${hubRefusalCode(result.cause)}@${result.phase}`;
    default:
      return `${withCode(result.kind, codeOf(result))}${result.phase ? `@${result.phase}` : ''}`;
  }
}

type Stopped = Exclude<ProbeResult, { kind: 'assigned' | 'hubRefused' }>;

function codeOf(result: Stopped): string | undefined {
  switch (result.kind) {
    case 'rejected':
    case 'throttled':
      return serviceCode(result.errorCode) ?? serviceCode(result.status);
    case 'failed':
      return serviceCode(result.errorCode);
    case 'unreachable':
    case 'tlsFailed':
    case 'connectionLost':
      return platformCode(result.code);
    case 'webSocketRefused':
      return serviceCode(result.status);
    case 'connectionRefused':
    case 'subscriptionRefused':
      return serviceCode(result.returnCode);
    case 'notRun':
    case 'certificateNotIssued':
      return result.cause;
    case 'disabled':
    case 'timedOut':
    case 'malformedResponse':
      return undefined;
  }
}

function hubRefusalCode(cause: HubRefusal): string {
  switch (cause.kind) {
    case 'hubNotAllowed':
      return cause.kind;
    case 'twinRejected':
      return withCode(cause.kind, serviceCode(cause.status));
    case 'renewalRejected':
      return withCode(cause.kind, serviceCode(cause.errorCode) ?? serviceCode(cause.status));
    default:
      return withCode(cause.kind, codeOf(cause));
  }
}

/** Status, return and error codes come from the wire: what is none of these is one reason, not a reason each. */
function serviceCode(code: number | undefined): string | undefined {
  if (code === undefined) return undefined;
  return Number.isInteger(code) && code >= 0 && code <= 999_999 ? String(code) : 'other';
}

/** Node's and OpenSSL's words are upper-case identifiers. */
function platformCode(code: string): string {
  return /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : 'other';
}

function withCode(kind: string, code: string | undefined): string {
  return code === undefined ? kind : `${kind}:${code}`;
}
