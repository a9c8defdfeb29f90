import type { Expectation } from '../config/probe.ts';
import { reasonOf } from './explanations/explanation.ts';
import { issuingAuthorities } from './operationalCertificate.ts';
import type { RunFacts } from './outcome.ts';

/** Something in a run that expires. */
export interface Expiry {
  readonly what: string;
  /** ISO 8601. */
  readonly at: string;
  readonly next: string;
}

const dayMs = 24 * 60 * 60 * 1000;

type ExpiringFacts = Pick<RunFacts, 'server' | 'credential' | 'result'>;

/** Everything in a run that has an expiry date, except operational certificates: each run has a new one. */
export function expiries({ server, credential, result }: ExpiringFacts): readonly Expiry[] {
  const { certificateNotAfter, secretExpiresOn } = credential ?? {};
  return [
    ...(server?.chain ?? []).map(({ subject, notAfter }) => ({
      what: `The server's certificate ${subject}`,
      at: notAfter,
      next: 'Microsoft renews this certificate. Make sure your devices trust its successor',
    })),
    ...(certificateNotAfter
      ? [
          {
            what: 'The device certificate',
            at: certificateNotAfter,
            next: 'Renew it in Key Vault and in the enrollment',
          },
        ]
      : []),
    ...(secretExpiresOn
      ? [{ what: 'The Key Vault secret', at: secretExpiresOn, next: 'Store a new version in Key Vault' }]
      : []),
    ...issuingAuthorities(result).map(({ subject, notAfter }) => ({
      what: `The CA ${subject} of operational certificates`,
      at: notAfter,
      next: 'Renew it in the device registry namespace: no operational certificate is valid for longer',
    })),
  ];
}

/** Negative if it has expired. `now`: milliseconds since 1970. */
export function daysLeft({ at }: Pick<Expiry, 'at'>, now: number): number {
  return (Date.parse(at) - now) / dayMs;
}

/** A reason for each item that expires in fewer days than expected. */
export function nearExpiries({ certificateDaysLeft }: Expectation, seen: ExpiringFacts): string[] {
  if (certificateDaysLeft === undefined) return [];
  return expiries(seen).flatMap((expiry) => {
    const days = daysLeft(expiry, Date.now());
    if (days >= certificateDaysLeft) return [];
    const date = expiry.at.slice(0, 10);
    const when = days < 0 ? `expired on ${date}` : `expires in ${Math.floor(days)} days, on ${date}`;
    return [
      reasonOf({ what: `${expiry.what} ${when} (expected at least ${certificateDaysLeft} days)`, next: expiry.next }),
    ];
  });
}
