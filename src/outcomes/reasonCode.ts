import type { HubRefusal } from '../hub/hubResult.ts';
import type { ProbeResult } from './outcome.ts';

/**
 * Why a run ended, as a short code of bounded cardinality: `rejected:401002@register`, `timedOut@assign`, `unreachable:ENOTFOUND@dns`,
 * `assigned`. Used as a metric label and to count the reasons of a simulation. It consists of the kind, the service's or the platform's
 * code, and the phase if one was entered; never of a message, which may be any text.
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

/** Status, return and error codes come from the network: all invalid ones share one reason. */
function serviceCode(code: number | undefined): string | undefined {
  if (code === undefined) return undefined;
  return Number.isInteger(code) && code >= 0 && code <= 999_999 ? String(code) : 'other';
}

/** Codes of Node and OpenSSL are upper-case identifiers. */
function platformCode(code: string): string {
  return /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : 'other';
}

function withCode(kind: string, code: string | undefined): string {
  return code === undefined ? kind : `${kind}:${code}`;
}
