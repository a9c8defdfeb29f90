import type { Probe } from '../../config/probe.ts';
import type { ServiceError } from '../../dps/registrationResult.ts';

/** What an explanation depends on besides the result. */
export type ExplainedProbe = Pick<
  Probe,
  'idScope' | 'registrationId' | 'attestation' | 'transport' | 'globalDeviceEndpoint'
>;

/** For the person on call. Each part is one or more sentences without the last full stop. */
export interface Explanation {
  /** What happened and where, with the service's own words. */
  readonly what: string;
  /** What it usually is, where that is known. */
  readonly usually?: string;
  /** What to do next: starts with the verb. */
  readonly next: string;
  /** Where the row is known from: a document, or a public report. */
  readonly source: string;
}

/** What is said about a result, apart from what happened in this run. */
export type Advice = Omit<Explanation, 'what'>;

/** One text, or one for each attestation. */
export type ByAttestation = string | { readonly [type in ExplainedProbe['attestation']['type']]: string };

export function forAttestation(text: ByAttestation, { attestation }: ExplainedProbe): string {
  return typeof text === 'string' ? text : text[attestation.type];
}

/** Scopes of Azure in China start with 0cn and are unknown to the endpoint of the public cloud, and the reverse. */
export function scopeHint({ idScope, globalDeviceEndpoint }: ExplainedProbe): string | undefined {
  const [, cloud] = /\.azure-devices-provisioning\.(net|cn)(?::\d+)?$/i.exec(globalDeviceEndpoint) ?? [];
  const isChinese = /^0cn/i.test(idScope);
  if (cloud === undefined || isChinese === (cloud.toLowerCase() === 'cn')) return undefined;
  return isChinese
    ? `The ID scope ${idScope} is one of Azure in China, whose endpoint is global.azure-devices-provisioning.cn`
    : `${globalDeviceEndpoint} is the endpoint of Azure in China, and the ID scope ${idScope} is not one of its scopes`;
}

/** An explanation as the one reason of an outcome: the page, the terminal and the API show it. */
export function reasonOf({ what, usually, next }: Omit<Explanation, 'source'>): string {
  const parts = [what, usually].filter((part) => part !== undefined && part !== '');
  // What a service wrote may end with its own full stop.
  return `${parts.map((part) => part?.replace(/[.\s]+$/, '')).join('. ')}. Next: ${next}.`;
}

/** The service's own words, and what its support asks for: ` (errorCode 401002, "…", trackingId …)`. */
export function quote({ errorCode, message, trackingId }: ServiceError, more: readonly string[] = []): string {
  const parts = [
    errorCode === undefined ? '' : `errorCode ${errorCode}`,
    message ? `"${message}"` : '',
    trackingId ? `trackingId ${trackingId}` : '',
    ...more,
  ].filter(Boolean);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
