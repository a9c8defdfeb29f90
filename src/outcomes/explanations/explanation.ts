import { microsoftCloud } from '../../config/formats.ts';
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
  /** The usual cause, if known. */
  readonly usually?: string;
  /** What to do next; starts with a verb. */
  readonly next: string;
  /** The document or public report behind this explanation. */
  readonly source: string;
}

/** The part of an explanation that does not depend on the run. */
export type Advice = Omit<Explanation, 'what'>;

/** One text, or one for each attestation. */
export type ByAttestation = string | { readonly [type in ExplainedProbe['attestation']['type']]: string };

export function forAttestation(text: ByAttestation, { attestation }: ExplainedProbe): string {
  return typeof text === 'string' ? text : text[attestation.type];
}

/** ID scopes of Azure in China start with 0cn. The public cloud's endpoint does not know them, and vice versa. */
export function scopeHint({ idScope, globalDeviceEndpoint }: ExplainedProbe): string | undefined {
  const cloud = microsoftCloud(globalDeviceEndpoint);
  const isChinese = /^0cn/i.test(idScope);
  if (cloud === undefined || isChinese === (cloud === 'cn')) return undefined;
  return isChinese
    ? `The ID scope ${idScope} is one of Azure in China, whose endpoint is global.azure-devices-provisioning.cn`
    : `${globalDeviceEndpoint} is the endpoint of Azure in China, and the ID scope ${idScope} is not one of its scopes`;
}

/** An explanation as the one reason of an outcome: the page, the terminal and the API show it. */
export function reasonOf({ what, usually, next }: Omit<Explanation, 'source'>): string {
  const parts = [what, usually].filter((part) => part !== undefined && part !== '');
  // A service's message may end with its own full stop.
  return `${parts.map((part) => part?.replace(/[.\s]+$/, '')).join('. ')}. Next: ${next}.`;
}

/** The service's message with the codes that its support asks for: ` (errorCode 401002, "…", trackingId …)`. */
export function quote({ errorCode, message, trackingId }: ServiceError, more: readonly string[] = []): string {
  const parts = [
    errorCode === undefined ? '' : `errorCode ${errorCode}`,
    message ? `"${message}"` : '',
    trackingId ? `trackingId ${trackingId}` : '',
    ...more,
  ].filter(Boolean);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
