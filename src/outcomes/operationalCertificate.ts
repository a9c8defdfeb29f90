import type { IssuedCertificate } from '../attestation/issuedCertificate.ts';
import type { Expectation } from '../config/probe.ts';
import type { ProbeResult, Renewal } from './outcome.ts';

/** What DPS issued in a run, also where the hub then refused it. */
export function issuedCertificateOf(result: ProbeResult): IssuedCertificate | undefined {
  return 'issuedCertificate' in result ? result.issuedCertificate : undefined;
}

export function renewalOf(result: ProbeResult): Renewal | undefined {
  return 'renewal' in result ? result.renewal : undefined;
}

/** What was found, and what to do about it. */
export interface CertificateFinding {
  readonly what: string;
  readonly next: string;
}

const dayMs = 24 * 60 * 60 * 1000;
/** A policy of 30 days issues for 30 days from a moment ago: five minutes of tolerance, as for the dates of a chain. */
const toleranceDays = 5 / (24 * 60);

/** Certificates that were issued for fewer or more days than expected. */
export function unexpectedDays(
  { issuedCertificateDays: { min, max } = {} }: Expectation,
  result: ProbeResult,
): readonly CertificateFinding[] {
  const issued = [
    { issuer: 'DPS', certificate: issuedCertificateOf(result) },
    { issuer: 'the hub', certificate: renewalOf(result)?.certificate },
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
      next: 'check the validity of the credential policy, and how long its issuing CA is valid',
    };
  });
}

/** Compares without case, for the service has been seen to spell it in two ways. A hub of which DPS says nothing is a classic one. */
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
      what: `the connection profile of ${assignedHub} is ${reported}, expected ${expected}`,
      next: "check the enrollment's linked hubs: devices that speak another version of MQTT cannot enter this one",
    },
  ];
}
