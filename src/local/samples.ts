import { createHmac } from 'node:crypto';
import { createSelfSigned, type IssuedCertificate } from '../emulator/certificates.ts';
import type { DpsConfigurationInput } from '../emulator/dps/dpsConfiguration.ts';
import type { LocalSecret } from './keyVault/secretStore.ts';

/** The samples of `npm start` when no probes are configured: a few devices and their enrollments. */
const idScope = '0neLOCAL';

/** Often enough to watch. In Azure, and with configured probes, the default is every five minutes. */
export const sampleSchedule = '*/20 * * * * *';

/** Keys only for the demonstration, derived from their names so that they are the same with every start. */
function demoKey(name: string): string {
  return createHmac('sha256', 'demonstration').update(name).digest('base64');
}

const certificateDevice = 'canary-006';

/** The certificate of the sample device, new with each start. */
export function createSampleCertificate(): Promise<IssuedCertificate> {
  return createSelfSigned({ commonName: certificateDevice });
}

/** The enrollments of the samples. */
export function sampleDps(hub: string, { cert: certificate }: IssuedCertificate): DpsConfigurationInput {
  return {
    idScope,
    retryAfterSeconds: 1,
    iotHubs: [hub],
    credentialPolicies: [{ name: 'default', validityDays: 30, renewalSeconds: 1 }],
    individualEnrollments: [
      {
        registrationId: 'canary-001',
        attestation: symmetricKey('canary-001'),
      },
      { registrationId: 'canary-005', attestation: symmetricKey('canary-005'), provisioningStatus: 'disabled' },
      {
        registrationId: certificateDevice,
        attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate } } } },
      },
    ],
    enrollmentGroups: [
      {
        enrollmentGroupId: 'fleet',
        attestation: symmetricKey('fleet'),
        credentialPolicyName: 'default',
      },
    ],
    faults: { 'canary-slow': [{ kind: 'slow', delayMs: 2500, at: 'poll' }] },
  };
}

function symmetricKey(name: string) {
  return { type: 'symmetricKey', symmetricKey: { primaryKey: demoKey(name) } } as const;
}

/** The certificate in the form of Key Vault's PEM policy. */
export function sampleSecrets({ cert, key }: IssuedCertificate): Readonly<Record<string, string | LocalSecret>> {
  return {
    'canary-001-key': demoKey('canary-001'),
    'canary-005-key': demoKey('canary-005'),
    'fleet-key': demoKey('fleet'),
    'wrong-key': demoKey('a key that no enrollment has'),
    'canary-006-certificate': { value: `${key}\n${cert}`, contentType: 'application/x-pem-file' },
  };
}

/** @param withFailing adds a probe whose enrollment is disabled, so that the page shows a failure */
export function sampleProbes(endpoint: string, hub: string, withFailing = false): readonly object[] {
  const shared = { idScope, globalDeviceEndpoint: endpoint, timeoutSeconds: 15 };
  const fleet = { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' };
  return [
    {
      ...shared,
      name: 'individual-key',
      registrationId: 'canary-001',
      attestation: { type: 'symmetricKey', secret: 'canary-001-key' },
      verifyHub: 'connect',
      expect: { assignedHub: [hub], withinSeconds: 10, certificateDaysLeft: 7 },
    },
    {
      ...shared,
      name: 'certificate',
      registrationId: certificateDevice,
      attestation: { type: 'x509', certificate: 'canary-006-certificate' },
      verifyHub: 'connect',
      expect: { assignedHub: [hub], certificateDaysLeft: 7 },
    },
    { ...shared, name: 'group-key', registrationId: 'canary-002', attestation: fleet },
    {
      ...shared,
      name: 'wrong-key-is-refused',
      registrationId: 'canary-003',
      attestation: { type: 'symmetricKey', secret: 'wrong-key' },
      expect: { result: 'refused' },
    },
    {
      ...shared,
      name: 'operational-certificate',
      registrationId: 'canary-004',
      attestation: fleet,
      requestCertificate: true,
      verifyHub: 'renew',
      everyMinutes: 1, // in Azure every hour, because each run issues two certificates
      expect: { assignedHub: [hub], connectionProfile: 'classic', issuedCertificateDays: { min: 1, max: 90 } },
    },
    {
      ...shared,
      name: 'slow-assignment',
      registrationId: 'canary-slow',
      attestation: fleet,
      expect: { withinSeconds: 2 },
    },
    ...(withFailing
      ? [
          {
            ...shared,
            name: 'disabled-enrollment',
            registrationId: 'canary-005',
            attestation: { type: 'symmetricKey', secret: 'canary-005-key' },
          },
        ]
      : []),
  ];
}
