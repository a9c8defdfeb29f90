import type { RenewalRejected } from './hubResult.ts';

/** What an error of the hub's certificate renewal means for the person on call. */
export interface RenewalMeaning {
  readonly meaning: string;
  readonly next: string;
}

const csrRefused: RenewalMeaning = {
  meaning: 'the certificate authority did not accept the certificate signing request, after the hub had accepted it',
  next: "read credentialMessage and credentialError; check the credential policy and its issuing CA in the hub's device registry",
};
const anotherActive: RenewalMeaning = {
  meaning: 'another renewal of this device is active, although this request replaces any other',
  next: 'look for another client that renews as this device; wait until operationExpires if there is none',
};
const throttled: RenewalMeaning = {
  meaning: 'the hub is throttling certificate requests',
  next: 'find out what renews at the same time (a fleet with one issuing date), and spread it; real devices are refused as well',
};
const unavailable: RenewalMeaning = {
  meaning: 'the hub cannot issue certificates at present',
  next: "look at Azure's service health; open a ticket with the trackingId if it lasts. Devices whose certificates expire meanwhile lose the hub",
};

/** Of IoT Hub's device API 2025-08-01-preview: an SDK team's reference of it, generated from test runs of 2026-01-30, and public clients. */
const codes: { readonly [errorCode: number]: RenewalMeaning } = {
  400004: {
    meaning: 'the hub refused the request: its id, its csr, its replace or a field that the hub does not know',
    next: 'read the message; the request is the documented one, so the hub may have a newer API. Open a ticket with the trackingId',
  },
  400006: {
    meaning: 'the hub could not read the request as JSON',
    next: 'look for a proxy that changes messages; open a ticket with the trackingId',
  },
  400037: csrRefused,
  400040: csrRefused,
  409004: anotherActive,
  409005: anotherActive,
  412001: {
    meaning: 'the request that this one replaces is not pending',
    next: 'run the probe again; open a ticket with the trackingId if it stays',
  },
  429002: throttled,
  429003: throttled,
  500001: unavailable,
  503001: unavailable,
};

const statuses: { readonly [status: number]: RenewalMeaning } = {
  400: {
    meaning: 'the hub refused the request',
    next: 'read the message, and open a ticket with the trackingId',
  },
  401: {
    meaning: 'the hub does not authorize this device to renew its certificate',
    next: 'check that the device is enabled in the hub, and that its credential policy exists',
  },
  403: {
    meaning: 'the hub does not allow this device to renew its certificate',
    next: 'check that the device is enabled in the hub, and that its credential policy exists',
  },
  404: {
    meaning: 'the hub does not know certificate renewal, or not for this device',
    next: "check that the hub is linked to a device registry namespace, and that the device's enrollment has a credential policy",
  },
  409: anotherActive,
  412: {
    meaning: 'the state that the request presumes has changed',
    next: 'run the probe again; open a ticket with the trackingId if it stays',
  },
  429: throttled,
};

/** The code if it is known, else what its status says. An unknown code is shown with its number, never guessed at. */
export function explainRenewal({ status, errorCode }: Pick<RenewalRejected, 'status' | 'errorCode'>): RenewalMeaning {
  const known = (errorCode !== undefined && codes[errorCode]) || statuses[status];
  if (known) return known;
  if (status >= 500) return unavailable;
  return {
    meaning: 'a response that is in none of our tables',
    next: 'search the code, and open a ticket with the trackingId',
  };
}
