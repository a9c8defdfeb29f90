import type { Outcome } from '../../src/outcomes/outcome.ts';

/** A healthy outcome, as a run against the service records it. Pass only the fields that the test is about. */
export function buildOutcome(differences: Partial<Outcome> = {}): Outcome {
  return {
    runId: '5f0c3f5e-6b0e-4d0f-9f5a-2b1c7d9e4a10',
    probe: 'weu-group-key',
    registrationId: 'canary-001',
    trigger: 'timer',
    location: 'westeurope',
    startedAt: '2026-11-24T14:25:00.000Z',
    durationMs: 3412.5,
    verdict: 'healthy',
    reasons: [],
    phases: {
      keyVault: 12.1,
      dns: 1.9,
      tcp: 20.4,
      tls: 41,
      mqttConnect: 30.2,
      subscribe: 21,
      register: 55.3,
      assign: 3230.6,
    },
    polls: 2,
    result: {
      kind: 'assigned',
      operationId: '4.d0a671905ea5b2c8.42d78160-4c78-479e-8be7-61d5e55dac0d',
      assignedHub: 'hub-a.azure-devices.net',
      deviceId: 'canary-001',
      substatus: 'initialAssignment',
    },
    server: {
      address: '20.61.99.14',
      family: 4,
      tlsProtocol: 'TLSv1.3',
      certificateNotAfter: '2027-04-02T23:59:59.000Z',
      issuer: 'Microsoft Azure RSA TLS Issuing CA 07',
      rootFingerprint256: rootFingerprint('DF'),
      chain: [
        certificate('*.azure-devices-provisioning.net', '2027-04-02T23:59:59.000Z', '3A'),
        certificate('Microsoft Azure RSA TLS Issuing CA 07', '2028-06-27T23:59:59.000Z', '81'),
        certificate('DigiCert Global Root G2', '2038-01-15T12:00:00.000Z', 'DF'),
      ],
    },
    credential: { secretExpiresOn: '2027-02-01T00:00:00.000Z' },
    ...differences,
  };
}

export function rootFingerprint(octet: string): string {
  return Array(32).fill(octet).join(':');
}

function certificate(subject: string, notAfter: string, octet: string) {
  return { subject, issuer: 'DigiCert Global Root G2', notAfter, fingerprint256: rootFingerprint(octet) };
}

type Renewed = Extract<Outcome['result'], { kind: 'assigned' }>;

/** A result with an operational certificate of 30 days that the hub has renewed. */
export function buildRenewed(): Renewed {
  return {
    kind: 'assigned',
    operationId: '4.d0a671905ea5b2c8.42d78160-4c78-479e-8be7-61d5e55dac0d',
    assignedHub: 'hub-a.azure-devices.net',
    deviceId: 'canary-001',
    substatus: 'initialAssignment',
    connectionProfile: 'classic',
    issuedCertificate: issuedCertificate('2026-12-24T14:25:00.000Z', 'A1'),
    renewal: {
      durationMs: 8421.5,
      correlationId: '3f0c7f1e-6b0e-4d0f-9f5a-2b1c7d9e4a10',
      certificate: issuedCertificate('2026-12-24T14:25:08.000Z', 'A2'),
    },
  };
}

function issuedCertificate(notAfter: string, octet: string) {
  const fingerprint256 = rootFingerprint(octet);
  return {
    subject: 'canary-001',
    issuer: 'contoso-policy-01',
    serialNumber: `0${octet}`,
    notBefore: '2026-11-24T14:24:00.000Z',
    notAfter,
    fingerprint256,
    publicKey: Buffer.from(`public key ${octet}`).toString('base64'),
    chain: [
      { subject: 'canary-001', issuer: 'contoso-policy-01', notAfter, fingerprint256 },
      {
        subject: 'contoso-policy-01',
        issuer: 'contoso-credential',
        notAfter: '2027-11-24T00:00:00.000Z',
        fingerprint256: rootFingerprint('B1'),
      },
      {
        subject: 'contoso-credential',
        issuer: 'contoso-credential',
        notAfter: '2036-11-24T00:00:00.000Z',
        fingerprint256: rootFingerprint('C1'),
      },
    ],
  };
}
