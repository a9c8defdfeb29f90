import { type Advice, type ByAttestation, type ExplainedProbe, forAttestation, scopeHint } from './explanation.ts';

/** What a status or a six-digit code of DPS means, with the source. */
interface ServiceErrorRow {
  readonly meaning: string;
  readonly usually?: ByAttestation;
  readonly next: ByAttestation;
  readonly source: string;
}

/** azure-docs#86107 and #102177. */
const networkRules = 'network rules of the DPS instance (public access off, IP filter) show as 401, too';

const compareCredential = {
  symmetricKey: 'Compare the key with the primary and secondary key of the enrollment, and check the idScope',
  x509: 'Compare the certificate in Key Vault and its chain with the enrollment, and check the idScope',
} as const;

const wrongCredential = {
  symmetricKey: `Usually a wrong or regenerated key, or another idScope; ${networkRules}`,
  x509: `Usually a certificate or a CA that no enrollment has, or another idScope; ${networkRules}`,
} as const;

/** The six-digit codes are undocumented (azure-docs#57082). Each row names where the code was seen; nothing is guessed. */
export const errorCodes = {
  400004: {
    meaning: 'a value in the request is not valid',
    usually: "The service's message names it: the registration ID, or the API version",
    next: "Correct the probe's registrationId or apiVersion",
    source:
      'azure-iot-sdk-csharp, ErrorCode.ArgumentInvalid; messages "Invalid RegistrationId", "Unsupported API version"',
  },
  400005: {
    meaning: 'a value is missing in the request',
    next: "Check the probe's registrationId, apiVersion and payload",
    source: 'azure-iot-sdk-csharp, ErrorCode.ArgumentNull',
  },
  400207: {
    meaning: 'the custom allocation webhook failed, or returned something other than a hub',
    next: "Read the allocation function's own logs, and check that it returns 200 with one of the linked hubs",
    source: 'iotedge#3233',
  },
  400209: {
    meaning: 'the custom allocation webhook refused the call of DPS',
    next: "Check the allocation function's key and authentication settings in the enrollment",
    source: 'azure-iot-sdk-node#721, log of 2019-06-17',
  },
  401000: {
    meaning: 'the device is not authorized',
    usually: wrongCredential,
    next: compareCredential,
    source: 'azure-docs#43157 (keys), azure-iot-sdk-node#869 (certificates)',
  },
  401002: {
    meaning: 'the credential was refused',
    usually: {
      symmetricKey: `Usually a wrong key: the service mentions a certificate for keys, too; ${networkRules}`,
      x509: `Usually a certificate that expired, whose chain does not lead to a CA of the enrollment, or whose common name is not the registrationId; ${networkRules}`,
    },
    next: compareCredential,
    source: 'azure-iot-sdk-c#2362, azure-iot-sdk-node#721 #869, azure-iot-sdk-java#573, azure-iot-sdk-python#1195',
  },
  404201: {
    meaning: 'something that the request names does not exist',
    usually: 'Usually no enrollment has this registrationId',
    next: 'Check that an enrollment for this registrationId exists in this idScope',
    source: 'azure-docs#57082 (seen without explanation)',
  },
  404202: {
    meaning: 'something that the request names does not exist',
    usually: 'Usually no enrollment has this registrationId',
    next: 'Check that an enrollment for this registrationId exists in this idScope',
    source: 'azure-docs#57082 (seen without explanation)',
  },
} as const satisfies { readonly [errorCode: number]: ServiceErrorRow };

const documented = 'https://learn.microsoft.com/azure/iot-dps/how-to-troubleshoot-dps#common-error-codes';
const serviceHealth = "Check Azure's service health, and open a ticket with the trackingId if it lasts";

export const statuses = {
  400: {
    meaning: 'the service could not read or validate the request',
    next: "Check the probe's registrationId, apiVersion and payload",
    source: documented,
  },
  401: {
    meaning: 'the credential cannot be validated',
    usually: wrongCredential,
    next: compareCredential,
    source: documented,
  },
  403: {
    meaning: 'the service forbids the request, for a reason other than the credential',
    usually: 'Usually network rules of the DPS instance: public access off, or an IP filter',
    next: 'Check the network rules of the DPS instance for the outbound addresses of this location',
    source: `${documented}; azure-docs#86107`,
  },
  404: {
    meaning: 'the DPS instance or the enrollment does not exist',
    next: 'Check the idScope, and that an enrollment covers this registrationId',
    source: documented,
  },
  405: { meaning: 'the service does not know this request', next: "Check the probe's apiVersion", source: documented },
  409: {
    meaning: "the request conflicts with the instance's present state",
    usually: 'Usually another registration of the same device at the same time',
    next: 'Look for a second device or probe with this registrationId, then run the probe again',
    source: documented,
  },
  412: {
    meaning: 'the enrollment was changed by another request at the same time',
    next: 'Look for a change of the enrollment in progress, then run the probe again',
    source: documented,
  },
  415: {
    meaning: 'the payload has a format that the service does not accept',
    next: "Check the probe's payload and apiVersion",
    source: documented,
  },
  429: {
    meaning: 'the service is throttling: more registrations a minute than its limit allows',
    usually: 'Usually a fleet that restarts at the same time, or a simulation; the limit is 1,000 a minute and service',
    next: 'Find which devices register, and spread them over time',
    source: documented,
  },
  500: { meaning: 'an internal error of the service', next: serviceHealth, source: documented },
} as const satisfies { readonly [status: number]: ServiceErrorRow };

const unavailable: ServiceErrorRow = {
  meaning: 'the service is not available at present',
  next: serviceHealth,
  source: 'RFC 9110 §15.6',
};

const unknownError: ServiceErrorRow = {
  meaning: 'an error that no document and no public report explains',
  next: 'Search for the code, and open a ticket with the trackingId',
  source: 'none',
};

/** Explains the code if it is known, otherwise the status, otherwise the class of the status. */
export function explainServiceError(
  { status, errorCode }: { readonly status?: number | undefined; readonly errorCode?: number | undefined },
  probe: ExplainedProbe,
): Advice & { readonly meaning: string } {
  const row = rowOf(status ?? Math.floor((errorCode ?? 0) / 1000), errorCode);
  const isUnknownDevice = [401, 404].includes(status ?? Math.floor((errorCode ?? 0) / 1000));
  const usually = [
    isUnknownDevice && scopeHint(probe),
    row.usually && forAttestation(row.usually, probe),
    keyOfCapitals(errorCode ?? status, probe),
  ];
  const all = usually.filter(Boolean).join('. ');
  return {
    meaning: row.meaning,
    ...(all && { usually: all }),
    next: forAttestation(row.next, probe),
    source: row.source,
  };
}

function rowOf(status: number, errorCode: number | undefined): ServiceErrorRow {
  const codes: { readonly [code: number]: ServiceErrorRow | undefined } = errorCodes;
  const byStatus: { readonly [code: number]: ServiceErrorRow | undefined } = statuses;
  return codes[errorCode ?? 0] ?? byStatus[status] ?? (status >= 500 && status < 600 ? unavailable : unknownError);
}

/** The service ignores the case of IDs, but a derived key depends on it. */
function keyOfCapitals(code: number | undefined, { attestation, registrationId }: ExplainedProbe): string {
  const isDerived = attestation.type === 'symmetricKey' && attestation.enrollment === 'group';
  const isUnauthorized = [401, 401000, 401002].includes(code ?? 0);
  if (!isDerived || !isUnauthorized || registrationId === registrationId.toLowerCase()) return '';
  return `The device's key is derived from "${registrationId}" as it is written: a registrationId in lower case may be the right one`;
}
