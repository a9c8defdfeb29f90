/** What a status or a six-digit code of DPS means for the person on call, with where that is known from. */
export interface ErrorMeaning {
  readonly meaning: string;
  readonly next: string;
  readonly source: string;
}

/** The six-digit codes have no documentation (azure-docs#57082): a row says where it was seen, and nothing is guessed. */
const codes: { readonly [errorCode: number]: ErrorMeaning } = {
  400207: {
    meaning: 'the custom allocation webhook failed, or answered something other than a hub',
    next: "read the allocation function's own logs; check that it answers 200 with one of the linked hubs",
    source: 'iotedge#3233',
  },
  400209: {
    meaning: 'the custom allocation webhook refused the call of DPS',
    next: "check the allocation function's key and authentication settings in the enrollment",
    source: 'azure-iot-sdk-node#721, log of 2019-06-17',
  },
  401000: {
    meaning: 'the device is not authorized: as with a wrong key or token',
    next: 'compare the key in Key Vault with the enrollment; look for a regenerated key or a wrong idScope',
    source: 'azure-docs#43157',
  },
  401002: {
    meaning: 'the credential was refused: an invalid certificate, or an enrollment that does not match it',
    next: "check the certificate's validity and chain against the enrollment, and that its common name is the registrationId",
    source: 'azure-iot-sdk-c#2362, azure-iot-sdk-node#721',
  },
  404201: {
    meaning: 'something that the request names does not exist',
    next: 'check that the enrollment for this registrationId exists in this idScope',
    source: 'azure-docs#57082 (seen without explanation)',
  },
  404202: {
    meaning: 'something that the request names does not exist',
    next: 'check that the enrollment for this registrationId exists in this idScope',
    source: 'azure-docs#57082 (seen without explanation)',
  },
};

const documented = 'DPS documentation, "Troubleshoot", common error codes';

const statuses: { readonly [status: number]: ErrorMeaning } = {
  400: {
    meaning: 'the service could not read or validate the request',
    next: "check the probe's registrationId, apiVersion and payload",
    source: documented,
  },
  401: {
    meaning: 'the credential cannot be validated: expired, wrong key, or for another resource',
    next: "compare the key or certificate in Key Vault with the enrollment; check this machine's clock",
    source: documented,
  },
  403: {
    meaning: 'the device may not do this',
    next: 'check the enrollment and the network rules (public access, IP filter) of the DPS instance',
    source: documented,
  },
  404: {
    meaning: 'the DPS instance or the enrollment does not exist',
    next: 'check the idScope, and that an enrollment covers this registrationId',
    source: documented,
  },
  405: {
    meaning: 'the service does not know this request',
    next: "check the probe's apiVersion",
    source: documented,
  },
  409: {
    meaning: "the request conflicts with the instance's present state",
    next: 'look for another registration of the same device going on, then run the probe again',
    source: documented,
  },
  412: {
    meaning: 'the record was changed by somebody else at the same time',
    next: 'look for a change of the enrollment going on, then run the probe again',
    source: documented,
  },
  415: {
    meaning: 'the payload has a format that the service does not take',
    next: "check the probe's payload and apiVersion",
    source: documented,
  },
  429: {
    meaning: 'the service is throttling: more registrations a minute than its limit allows',
    next: 'find who registers (a fleet that restarts, a simulation), and spread it; the limit is 1,000 a minute per service',
    source: documented,
  },
  500: {
    meaning: 'an internal error of the service',
    next: "look at Azure's service health, and open a ticket with the trackingId if it lasts",
    source: documented,
  },
};

/** The code if it is known, else its status, else (5xx and unknown ones) what the class of status says. */
export function explainError(status: number | undefined, errorCode?: number): ErrorMeaning {
  const statusOfCode = errorCode === undefined ? undefined : Math.floor(errorCode / 1000);
  const code = status ?? statusOfCode ?? 0;
  const known = (errorCode !== undefined && codes[errorCode]) || statuses[code];
  if (known) return known;
  if (code >= 500) {
    return {
      meaning: 'the service cannot answer at present',
      next: "look at Azure's service health, and open a ticket with the trackingId if it lasts",
      source: 'RFC 9110, section 15.6',
    };
  }
  return {
    meaning: 'an answer that is in none of our tables',
    next: 'search the code, and open a ticket with the trackingId',
    source: 'none',
  };
}
