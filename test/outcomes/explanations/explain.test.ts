import { describe, expect, it } from 'vitest';
import { credentialProblems } from '../../../src/attestation/credentialProblems.ts';
import { probeSchema } from '../../../src/config/probe.ts';
import type { RegistrationResult } from '../../../src/dps/registrationResult.ts';
import type { HubRefused } from '../../../src/hub/hubResult.ts';
import { vaultProblems } from '../../../src/keyvault/vaultProblems.ts';
import { explain } from '../../../src/outcomes/explanations/explain.ts';
import { type ExplainedProbe, reasonOf } from '../../../src/outcomes/explanations/explanation.ts';
import { renewalCodes, renewalStatuses } from '../../../src/outcomes/explanations/renewalErrors.ts';
import { errorCodes, statuses } from '../../../src/outcomes/explanations/serviceErrors.ts';
import type { CertificateNotIssued, NotRun, ProbeResult } from '../../../src/outcomes/outcome.ts';
import { type Phase, phases } from '../../../src/transport/phase.ts';
import type { TransportFailure } from '../../../src/transport/transportFailure.ts';

const hub = 'hub-a.azure-devices.net';

function probeWith(over: object = {}): ExplainedProbe {
  return probeSchema.parse({
    name: 'p',
    idScope: '0ne00A1B2C3',
    registrationId: 'canary-001',
    attestation: { type: 'symmetricKey', secret: 's' },
    ...over,
  });
}

const key = { attestation: { type: 'symmetricKey', secret: 's' } };
const groupKey = { attestation: { type: 'symmetricKey', secret: 's', enrollment: 'group' } };
const certificate = { attestation: { type: 'x509', certificate: 'c' } };
const probes = [key, groupKey, certificate].flatMap((attestation) =>
  (['mqtt', 'mqtt-ws'] as const).map((transport) => probeWith({ ...attestation, transport })),
);

const alert = 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA';
const message = 'words of the service';
/** At least one failure of each kind, and of each phase if the kind has several. */
const transportFailures: {
  readonly [Kind in TransportFailure['kind']]: readonly Extract<TransportFailure, { kind: Kind }>[];
} = {
  unreachable: (['dns', 'tcp'] as const).map((phase) => ({ kind: 'unreachable', phase, code: 'ENOTFOUND', message })),
  tlsFailed: (
    [
      ['client', 'CERT_HAS_EXPIRED'],
      ['client', 'ERR_SSL_WRONG_VERSION_NUMBER'],
      ['server', alert],
      ['server', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
    ] as const
  ).map(([refusedBy, code]) => ({ kind: 'tlsFailed', phase: 'tls', code, message, refusedBy })),
  webSocketRefused: [
    { kind: 'webSocketRefused', phase: 'webSocket', message },
    { kind: 'webSocketRefused', phase: 'webSocket', status: 403, message },
  ],
  connectionRefused: [1, 2, 3, 4, 5].map((returnCode) => ({
    kind: 'connectionRefused',
    phase: 'mqttConnect',
    returnCode,
    message,
  })),
  subscriptionRefused: [{ kind: 'subscriptionRefused', phase: 'subscribe', returnCode: 128, message }],
  connectionLost: phases.map((phase) => ({ kind: 'connectionLost', phase, code: 'ECONNRESET', message })),
  timedOut: phases.map((phase) => ({ kind: 'timedOut', phase, message })),
  malformedResponse: phases.map((phase) => ({ kind: 'malformedResponse', phase, message })),
};

const serviceErrors = [
  ...Object.keys(statuses).map((status) => ({ status: Number(status) })),
  ...Object.keys(errorCodes).map((code) => ({ status: Math.floor(Number(code) / 1000), errorCode: Number(code) })),
  { status: 503 },
  { status: 418, errorCode: 418123 },
];

const registrationResults: { readonly [Kind in RegistrationResult['kind']]: readonly RegistrationResult[] } = {
  ...transportFailures,
  assigned: [{ kind: 'assigned', operationId: 'o', assignedHub: hub, deviceId: 'd' }],
  failed: [
    { kind: 'failed', phase: 'assign', operationId: 'o' },
    { kind: 'failed', phase: 'assign', operationId: 'o', message: 'Unauthorized access', isNested: true },
    ...serviceErrors.map(
      (error): RegistrationResult => ({ kind: 'failed', phase: 'assign', operationId: 'o', ...error }),
    ),
  ],
  disabled: [{ kind: 'disabled', phase: 'register', operationId: '' }],
  rejected: serviceErrors.map((error) => ({
    kind: 'rejected',
    phase: 'register',
    message,
    trackingId: 'T-1',
    ...error,
  })),
  throttled: [{ kind: 'throttled', phase: 'register', status: 429 }],
};

const notRunCauses: { readonly [Cause in NotRun['cause']]: true } = {
  notFound: true,
  forbidden: true,
  disabled: true,
  expired: true,
  notYetValid: true,
  throttled: true,
  unreachable: true,
  unauthenticated: true,
  invalidCredential: true,
  timedOut: true,
  cancelled: true,
  neverRun: true,
  unexpected: true,
  deviceBusy: true,
  outOfTime: true,
};

const issuanceCauses: { readonly [Cause in CertificateNotIssued['cause']]: true } = {
  missing: true,
  malformed: true,
  notOurKey: true,
  wrongName: true,
  notInValidity: true,
  brokenChain: true,
};

function hubRefused(cause: HubRefused['cause'], over: Partial<HubRefused> = {}): HubRefused {
  return { kind: 'hubRefused', phase: 'hub', assignedHub: hub, deviceId: 'd', verification: 'connect', cause, ...over };
}

const everyTransportFailure: readonly TransportFailure[] = Object.values(transportFailures).flat();
const renewalErrors = [
  ...Object.keys(renewalStatuses).map((status) => ({ status: Number(status) })),
  ...Object.keys(renewalCodes).map((code) => ({ status: Math.floor(Number(code) / 1000), errorCode: Number(code) })),
  { status: 503 },
  { status: 418 },
];

const everyResult: readonly ProbeResult[] = [
  ...Object.values(registrationResults).flat(),
  ...everyTransportFailure.map((cause) => hubRefused(cause)),
  ...everyTransportFailure.map((cause) => hubRefused(cause, { credential: 'issuedCertificate' })),
  ...everyTransportFailure.map((cause) => hubRefused(cause, { credential: 'renewedCertificate' })),
  hubRefused({ kind: 'hubNotAllowed', message: `${hub} is not an Azure hub name` }),
  hubRefused({ kind: 'twinRejected', status: 500, message }),
  hubRefused({ kind: 'timedOut', phase: 'hub', message, correlationId: 'c', operationExpires: 'e' }),
  ...renewalErrors.map((error) => hubRefused({ kind: 'renewalRejected', ...error })),
  ...(Object.keys(notRunCauses) as NotRun['cause'][]).map(
    (cause): NotRun => ({ kind: 'notRun', phase: 'keyVault', cause, message }),
  ),
  ...(Object.keys({ ...credentialProblems, ...vaultProblems }) as NonNullable<NotRun['detail']>[]).map(
    (detail): NotRun => ({ kind: 'notRun', phase: 'keyVault', cause: 'invalidCredential', detail, message }),
  ),
  ...(Object.keys(issuanceCauses) as CertificateNotIssued['cause'][]).flatMap((cause) =>
    (['register', 'hub'] as const).map(
      (phase): CertificateNotIssued => ({
        kind: 'certificateNotIssued',
        phase,
        cause,
        message,
        operationId: 'o',
        assignedHub: hub,
        deviceId: 'd',
      }),
    ),
  ),
];

describe('explain, for every result × cause × attestation × transport', () => {
  it(`covers ${everyResult.length} results for ${probes.length} probes in sentences that can be read once`, () => {
    for (const result of everyResult) {
      for (const probe of probes) {
        const { what, usually, next, source } = explain(result, probe);
        const where = `${JSON.stringify(result)}: ${what} / ${usually} / ${next}`;
        expect(source, where).toMatch(/\S/);
        expect(next, where).toMatch(/^[A-Z]\S+ \S/);
        for (const text of [what, usually ?? 'X', next]) {
          expect(text, where).not.toMatch(/[.:;,]$|undefined|\[object|\\"|\.\.|\s{2}/);
        }
        expect(next, where).not.toMatch(/^(Nothing|None)\b(?! is wrong)/);
        // The advice does not repeat what happened.
        expect(next, where).not.toBe(what);
        expect(what, where).not.toContain(next);
        expect(reasonOf({ what, next, ...(usually && { usually }) }).split('. Next: ')).toHaveLength(2);
      }
    }
  });

  it('never mentions globalDeviceEndpoint for an error of the hub', () => {
    for (const cause of everyTransportFailure) {
      for (const probe of probes) {
        const { what, next } = explain(hubRefused(cause), probe);
        expect(what).toContain(hub);
        expect(next).not.toContain('globalDeviceEndpoint');
      }
    }
  });

  it('uses "refused" only when the credential was refused', () => {
    for (const status of [500, 502, 503, 504]) {
      for (const probe of probes) {
        const { what, usually = '', next } = explain({ kind: 'rejected', phase: 'register', status }, probe);
        expect(what + usually + next).not.toMatch(/refus/i);
      }
    }
  });

  it('quotes the code, the message and the tracking ID of the service', () => {
    const { what } = explain(
      {
        kind: 'rejected',
        phase: 'register',
        status: 401,
        errorCode: 401000,
        message: 'Unauthorized',
        trackingId: 'T-1',
      },
      probeWith(),
    );
    expect(what).toBe(
      'DPS responded 401 in phase register: the device is not authorized (errorCode 401000, "Unauthorized", trackingId T-1)',
    );
  });
});

describe('field report 4: a chain that DPS does not trust', () => {
  it.each<Phase>(['mqttConnect', 'subscribe', 'register'])(
    'is named first if the connection closes in phase %s',
    (phase) => {
      const lost = { kind: 'connectionLost', phase, code: 'CLOSED', message } as const;
      expect(explain(lost, probeWith(certificate)).next).toMatch(
        /^Check the certificate's validity and chain.*firewall/,
      );
      expect(explain(lost, probeWith(key)).next).not.toMatch(/certificate/);
    },
  );

  it('is named for each alert against the certificate', () => {
    const refused = { kind: 'tlsFailed', phase: 'tls', code: alert, message, refusedBy: 'server' } as const;
    expect(explain(refused, probeWith(certificate)).next).toMatch(/validity and chain/);
    expect(explain(refused, probeWith(key)).next).not.toMatch(/validity and chain/);
  });
});

describe('field report 10: 401000 and 401002', () => {
  it.each([401000, 401002])('%i has a hint that fits the attestation of the probe', (errorCode) => {
    const result = { kind: 'rejected', phase: 'register', status: 401, errorCode } as const;
    const [forKey, forCertificate] = [explain(result, probeWith(key)), explain(result, probeWith(certificate))];
    expect(forKey.next).toMatch(/Compare the key with/);
    expect(forKey.next).not.toMatch(/certificate/);
    expect(forCertificate.next).toMatch(/the certificate in Key Vault/);
    expect(forCertificate.next).not.toMatch(/\bkey\b/);
  });
});

it.each([401, 401000, 401002])('field report 11: %i names network rules besides the credential', (code) => {
  const errorCode = code > 999 ? { errorCode: code } : {};
  for (const probe of probes) {
    const { usually } = explain({ kind: 'rejected', phase: 'register', status: 401, ...errorCode }, probe);
    expect(usually).toMatch(/network rules .*public access off, IP filter/);
  }
});

it('field report 13: 400004 is the validation code, whose message names the error', () => {
  const { what, next } = explain(
    { kind: 'rejected', phase: 'register', status: 400, errorCode: 400004, message: 'Invalid RegistrationId' },
    probeWith(),
  );
  expect(what).toMatch(/a value in the request is not valid \(errorCode 400004, "Invalid RegistrationId"\)/);
  expect(next).toMatch(/registrationId or apiVersion/);
});

it.each([3, 5])(
  'field report 14: CONNACK %i of a hub to a certificate over WebSocket names the hop that terminates TLS',
  (returnCode) => {
    const cause = { kind: 'connectionRefused', phase: 'mqttConnect', returnCode, message } as const;
    const usually = (over: object) => explain(hubRefused(cause), probeWith(over)).usually ?? '';
    expect(usually({ ...certificate, transport: 'mqtt-ws' })).toMatch(/terminates TLS.*client certificate is lost/);
    expect(usually({ ...certificate, transport: 'mqtt' })).not.toMatch(/terminates TLS/);
    expect(usually({ ...key, transport: 'mqtt-ws' })).not.toMatch(/terminates TLS/);
  },
);

describe('field report 15: free text of a service', () => {
  it.each(['An error occurred while sending the request.', 'Custom allocation failed with status code: 404'])(
    'survives in the reason: %s',
    (words) => {
      expect(
        explain({ kind: 'failed', phase: 'assign', operationId: 'o', message: words }, probeWith()).what,
      ).toContain(words);
      expect(explain({ kind: 'malformedResponse', phase: 'register', message: words }, probeWith()).what).toContain(
        words,
      );
    },
  );
});

describe('field report 18: a scope of another cloud', () => {
  const results = [
    { kind: 'rejected', phase: 'register', status: 401, errorCode: 401000 },
    { kind: 'rejected', phase: 'register', status: 404 },
    { kind: 'connectionRefused', phase: 'mqttConnect', returnCode: 5, message },
  ] as const;

  it.each(results)('is named with the right endpoint at $kind', (result) => {
    const usually = (over: object) => explain(result, probeWith(over)).usually ?? '';
    expect(usually({ idScope: '0cn00A1B2C3' })).toContain('whose endpoint is global.azure-devices-provisioning.cn');
    const chinese = { globalDeviceEndpoint: 'global.azure-devices-provisioning.cn' };
    expect(usually(chinese)).toContain('is not one of its scopes');
    expect(usually({ ...chinese, idScope: '0cn00A1B2C3' })).not.toContain('China');
    expect(usually({})).not.toContain('China');
    expect(usually({ idScope: '0cn00A1B2C3', globalDeviceEndpoint: 'localhost:8883' })).not.toContain('China');
  });
});

describe('field report 19: a derived key', () => {
  const refused = { kind: 'rejected', phase: 'register', status: 401, errorCode: 401000 } as const;
  const usually = (over: object) => explain(refused, probeWith(over)).usually ?? '';

  it('may be wrong for an ID with capitals: the hint shows the ID as it is configured', () => {
    expect(usually({ ...groupKey, registrationId: 'SN-007' })).toMatch(
      /derived from "SN-007" as it is written.*lower case/,
    );
  });

  it('has no such hint for an ID in lower case, or a key that is not derived', () => {
    expect(usually({ ...groupKey, registrationId: 'sn-007' })).not.toMatch(/derived/);
    expect(usually({ ...key, registrationId: 'SN-007' })).not.toMatch(/derived/);
  });
});

describe('a wrong port', () => {
  it('of mqtt-ws at a port for MQTT is named, besides a proxy', () => {
    const probe = probeWith({ transport: 'mqtt-ws' });
    for (const result of [
      { kind: 'webSocketRefused', phase: 'webSocket', message: 'socket hang up' },
      { kind: 'connectionLost', phase: 'webSocket', code: 'ECONNRESET', message },
    ] as const) {
      expect(explain(result, probe).next).toMatch(/^Check the port: 443 for transport mqtt-ws, 8883 for mqtt/);
    }
  });

  it('of mqtt at a port for HTTP is named', () => {
    const result = { kind: 'malformedResponse', phase: 'mqttConnect', message } as const;
    expect(explain(result, probeWith()).next).toMatch(/^Check the port: 8883 for transport mqtt, 443 for mqtt-ws/);
  });

  it('that does not speak TLS is named', () => {
    const result = {
      kind: 'tlsFailed',
      phase: 'tls',
      code: 'ERR_SSL_WRONG_VERSION_NUMBER',
      message,
      refusedBy: 'client',
    } as const;
    expect(explain(result, probeWith()).usually).toBe('The port does not speak TLS');
  });
});

it.each([
  ['commonName', /registrationId to the common name/],
  ['encryptedKey', /Remove the passphrase/],
  ['connectionString', /not a connection string/],
  ['noRole', /role Key Vault Secrets User/],
  ['noAccessPolicy', /Add an access policy/],
  ['firewall', /vault's firewall/],
  ['privateLinkOnly', /private endpoint/],
  ['otherTenant', /vault's tenant/],
] as const)('a probe that could not run for %s has its own next step', (detail, next) => {
  const notRun: NotRun = { kind: 'notRun', phase: 'keyVault', cause: 'invalidCredential', detail, message };
  expect(explain(notRun, probeWith()).next).toMatch(next);
});
