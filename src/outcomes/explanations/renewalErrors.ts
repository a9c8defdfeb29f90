import type { RenewalRejected } from '../../hub/hubResult.ts';
import type { Advice } from './explanation.ts';

/** What an error of the hub's certificate renewal means, with the source. */
export type RenewalMeaning = Advice & { readonly meaning: string };

/** An SDK team's reference of IoT Hub's device API 2025-08-01-preview, generated from test runs of 2026-01-30, and public clients. */
const source = "IoT Hub device API 2025-08-01-preview, an SDK team's reference of 2026-01-30";

const csrRefused: RenewalMeaning = {
  meaning: 'the certificate authority did not accept the certificate signing request, after the hub had accepted it',
  next: "Read credentialMessage and credentialError; check the credential policy and its issuing CA in the hub's device registry",
  source,
};
const anotherActive: RenewalMeaning = {
  meaning: 'another renewal of this device is active, although this request replaces any other',
  next: 'Look for another client that renews as this device; wait until operationExpires if there is none',
  source,
};
const throttled: RenewalMeaning = {
  meaning: 'the hub is throttling certificate requests',
  next: 'Find out what renews at the same time (a fleet with one issuing date), and spread it; real devices are refused as well',
  source,
};
const unavailable: RenewalMeaning = {
  meaning: 'the hub cannot issue certificates at present',
  next: "Check Azure's service health, and open a ticket with the trackingId if it lasts. Devices whose certificates expire meanwhile lose the hub",
  source,
};

export const renewalCodes: { readonly [errorCode: number]: RenewalMeaning } = {
  400004: {
    meaning: 'the hub refused the request: its id, its csr, its replace or a field that the hub does not know',
    next: 'Read the message; the request is the documented one, so the hub may have a newer API. Open a ticket with the trackingId',
    source,
  },
  400006: {
    meaning: 'the hub could not read the request as JSON',
    next: 'Look for a proxy that changes messages; open a ticket with the trackingId',
    source,
  },
  400037: csrRefused,
  400040: csrRefused,
  409004: anotherActive,
  409005: anotherActive,
  412001: {
    meaning: 'the request that this one replaces is not pending',
    next: 'Run the probe again; open a ticket with the trackingId if it stays',
    source,
  },
  429002: throttled,
  429003: throttled,
  500001: unavailable,
  503001: unavailable,
};

export const renewalStatuses: { readonly [status: number]: RenewalMeaning } = {
  400: {
    meaning: 'the hub refused the request',
    next: 'Read the message, and open a ticket with the trackingId',
    source,
  },
  401: {
    meaning: 'the hub does not authorize this device to renew its certificate',
    next: 'Check that the device is enabled in the hub, and that its credential policy exists',
    source,
  },
  403: {
    meaning: 'the hub does not allow this device to renew its certificate',
    next: 'Check that the device is enabled in the hub, and that its credential policy exists',
    source,
  },
  404: {
    meaning: 'the hub does not know certificate renewal, or not for this device',
    next: "Check that the hub is linked to a device registry namespace, and that the device's enrollment has a credential policy",
    source,
  },
  409: anotherActive,
  412: {
    meaning: 'the state that the request presumes has changed',
    next: 'Run the probe again; open a ticket with the trackingId if it stays',
    source,
  },
  429: throttled,
};

/** Explains the code if it is known, otherwise the status. An unknown code is shown as it is, without a guess. */
export function explainRenewal({ status, errorCode }: Pick<RenewalRejected, 'status' | 'errorCode'>): RenewalMeaning {
  const known = (errorCode !== undefined && renewalCodes[errorCode]) || renewalStatuses[status];
  if (known) return known;
  if (status >= 500) return unavailable;
  return {
    meaning: 'an error that no document and no public report explains',
    next: 'Search for the code, and open a ticket with the trackingId',
    source,
  };
}
