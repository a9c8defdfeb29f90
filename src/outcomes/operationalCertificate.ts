import type { IssuedCertificate } from '../attestation/issuedCertificate.ts';
import type { Expectation } from '../config/probe.ts';
import type { HubRefused } from '../hub/hubResult.ts';
import type { ChainCertificate } from '../transport/serverIdentity.ts';
import { isCertificateAlert } from '../transport/socketFailure.ts';
import type { ProbeResult, Renewal } from './outcome.ts';

/** The certificate that DPS issued in a run, also when the hub then refused it. */
export function issuedCertificateOf(result: ProbeResult): IssuedCertificate | undefined {
  return 'issuedCertificate' in result ? result.issuedCertificate : undefined;
}

export function renewalOf(result: ProbeResult): Renewal | undefined {
  return 'renewal' in result ? result.renewal : undefined;
}

/**
 * The state of a run's operational certificate: `none` was requested (or the run ended before), `issued`, `renewed`, `notIssued`,
 * `notRenewed`, or `untrusted` by the hub.
 */
export type CertificateState = 'none' | 'issued' | 'renewed' | 'notIssued' | 'notRenewed' | 'untrusted';

export function certificateStateOf(result: ProbeResult): CertificateState {
  switch (result.kind) {
    case 'assigned':
      return result.renewal ? 'renewed' : result.issuedCertificate ? 'issued' : 'none';
    case 'certificateNotIssued':
      return result.phase === 'hub' ? 'notRenewed' : 'notIssued';
    case 'hubRefused':
      if (result.credential === undefined) return 'none';
      if (isUntrusted(result)) return 'untrusted';
      return isNotRenewed(result) ? 'notRenewed' : 'issued';
    default:
      return 'none';
  }
}

/**
 * True when the hub refuses an operational certificate. DPS has accepted the device, so the hub does not trust the certificate's issuer.
 */
export function isUntrusted({ credential, cause }: HubRefused): boolean {
  if (credential === undefined) return false;
  if (cause.kind === 'connectionRefused') return [2, 4, 5].includes(cause.returnCode);
  return cause.kind === 'tlsFailed' && cause.refusedBy === 'server' && isCertificateAlert(cause.code);
}

/** True when the hub accepted the device with its certificate, but did not issue a new one. */
export function isNotRenewed({ cause }: HubRefused): boolean {
  return cause.kind === 'renewalRejected' || (cause.kind === 'timedOut' && 'correlationId' in cause);
}

/** The CAs above the issued certificates, each once. When a CA expires, the certificates of all devices do. */
export function issuingAuthorities(result: ProbeResult): readonly ChainCertificate[] {
  const certificates = [issuedCertificateOf(result), renewalOf(result)?.certificate];
  const authorities = certificates.flatMap((certificate) => certificate?.chain.slice(1) ?? []);
  return [...new Map(authorities.map((authority) => [authority.fingerprint256, authority])).values()];
}

/** What was found, and what to do about it. */
export interface CertificateFinding {
  readonly what: string;
  readonly next: string;
}

const dayMs = 24 * 60 * 60 * 1000;
/**
 * A certificate of 30 days was issued a moment ago and so has a little less left: five minutes of tolerance, as for the dates of a chain.
 */
const toleranceDays = 5 / (24 * 60);

/** Findings for certificates that are valid for fewer or more days than expected. */
export function unexpectedDays(
  { issuedCertificateDays: { min, max } = {} }: Expectation,
  result: ProbeResult,
): readonly CertificateFinding[] {
  const issued = [
    { issuer: 'DPS', certificate: issuedCertificateOf(result) },
    { issuer: 'The hub', certificate: renewalOf(result)?.certificate },
  ];
  return issued.flatMap(({ issuer, certificate }) => {
    if (!certificate) return [];
    const days = (Date.parse(certificate.notAfter) - Date.now()) / dayMs;
    const tooFew = min !== undefined && days + toleranceDays < min;
    const tooMany = max !== undefined && days - toleranceDays > max;
    if (!tooFew && !tooMany) return [];
    const expected = tooFew ? `at least ${min}` : `at most ${max}`;
    return {
      what: `${issuer} issued a certificate that is valid for ${days.toFixed(1)} days, expected ${expected}`,
      next: 'Check the validity of the credential policy, and how long its issuing CA is valid',
    };
  });
}

/** Ignores case, because the service uses two spellings. A hub without a reported profile counts as classic. */
export function unexpectedProfile(
  { connectionProfile: expected }: Expectation,
  result: ProbeResult,
): readonly CertificateFinding[] {
  if (result.kind !== 'assigned' || expected === undefined) return [];
  const { connectionProfile = 'classic', assignedHub } = result;
  if (connectionProfile.toLowerCase() === expected.toLowerCase()) return [];
  const reported = result.connectionProfile === undefined ? 'classic (DPS reports none)' : connectionProfile;
  return [
    {
      what: `The connection profile of ${assignedHub} is ${reported}, expected ${expected}`,
      next: "Check the enrollment's linked hubs: devices that speak another version of MQTT cannot connect to this one",
    },
  ];
}
