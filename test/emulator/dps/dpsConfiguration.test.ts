import { expect, it } from 'vitest';
import { createLocalAuthority } from '../../../src/emulator/certificates.ts';
import { parseDpsConfiguration } from '../../../src/emulator/dps/dpsConfiguration.ts';

const { caPem } = await createLocalAuthority();
const key = Buffer.from('a key').toString('base64');
const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: key } };
const one = { registrationId: 'one', attestation };
const group = { enrollmentGroupId: 'fleet', attestation };
const x509Group = (certificate: string) => ({
  enrollmentGroupId: 'x',
  attestation: { type: 'x509', x509: { signingCertificates: { primary: { certificate } } } },
});

function faultsIn(input: unknown): readonly string[] {
  const parsed = parseDpsConfiguration(input);
  return parsed.ok ? [] : parsed.faults;
}

it('takes the example of the contract', () => {
  const parsed = parseDpsConfiguration({
    idScope: '0neLOCAL',
    retryAfterSeconds: 1,
    individualEnrollments: [
      {
        registrationId: 'one',
        deviceId: 'dev-1',
        provisioningStatus: 'enabled',
        iotHubHostName: 'hub-a.azure-devices.net',
        attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: key, secondaryKey: key } },
        fault: 'silent',
      },
    ],
    enrollmentGroups: [
      {
        ...x509Group(caPem),
        provisioningStatus: 'enabled',
        iotHubs: ['hub-a.azure-devices.net', 'hub-b.azure-devices.net'],
        allocationPolicy: 'hashed',
      },
    ],
  });
  expect(parsed.ok && parsed.configuration.individualEnrollments[0]?.fault).toEqual([
    { kind: 'silent', at: 'register' },
  ]);
});

it('needs nothing at all', () => {
  const parsed = parseDpsConfiguration({});
  expect(parsed).toMatchObject({
    ok: true,
    configuration: { idScope: '0neLOCAL', retryAfterSeconds: 1, refuseAt: 'register' },
  });
});

it('takes a certificate as the REST interface shows it, DER in base64', () => {
  const der = caPem.replace(/-----[^-]+-----|\s/g, '');
  expect(faultsIn({ enrollmentGroups: [x509Group(der)] })).toEqual([]);
});

it.each<[unknown, string]>([
  [[], 'configuration: Invalid input: expected object, received array'],
  [{ idscope: 'x' }, 'configuration: Unrecognized key: "idscope"'],
  [{ idScope: 'two words' }, 'idScope: expected letters and digits, such as 0neLOCAL'],
  [{ retryAfterSeconds: -1 }, 'retryAfterSeconds: Too small: expected number to be >=0'],
  [{ refuseAt: 'poll' }, 'refuseAt: Invalid option: expected one of "register"|"connect"'],
  [
    { individualEnrollments: [{ attestation }] },
    'individualEnrollments[0].registrationId: Invalid input: expected string, received undefined',
  ],
  [
    { individualEnrollments: [{ ...one, registrationId: '_one' }] },
    'individualEnrollments[0].registrationId: no registrationId: expected 1 to 128 of a-z, 0-9, - . _ :, with none of the four at either end',
  ],
  [
    { individualEnrollments: [one, { ...one, registrationId: 'ONE' }] },
    'individualEnrollments[1].registrationId: "one" is already enrolled',
  ],
  [{ enrollmentGroups: [group, group] }, 'enrollmentGroups[1].enrollmentGroupId: "fleet" is already enrolled'],
  [
    { individualEnrollments: [{ ...one, attestation: { type: 'tpm' } }] },
    'individualEnrollments[0].attestation.type: expected "symmetricKey" or "x509": TPM attestation is not offered over MQTT',
  ],
  [
    {
      individualEnrollments: [
        { ...one, attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: 'no key!' } } },
      ],
    },
    'individualEnrollments[0].attestation.symmetricKey.primaryKey: not base64: expected a key as the portal shows it',
  ],
  [
    { enrollmentGroups: [x509Group('hello')] },
    'enrollmentGroups[0].attestation.x509.signingCertificates.primary.certificate: no certificate: expected PEM, or DER in base64',
  ],
  [
    { individualEnrollments: [{ ...one, fault: 'explode' }] },
    'individualEnrollments[0].fault[0].kind: no such fault: see the tables of faults in docs/emulator.md',
  ],
  [
    { faults: { one: { kind: 'status', status: 200 } } },
    'faults.one[0].status: Too small: expected number to be >=300',
  ],
  [
    { faults: { one: { kind: 'silent', at: 'lunch' } } },
    'faults.one[0].at: Invalid option: expected one of "connect"|"subscribe"|"register"|"poll"',
  ],
  [
    { listenerFault: 'smoke' },
    'listenerFault.kind: not a listener fault: see the table of listener faults in docs/emulator.md',
  ],
  [
    { hubFaults: { one: 'smoke' } },
    'hubFaults.one.kind: not a hub fault: see the table of hub faults in docs/emulator.md',
  ],
])('reports %j as one fault with its path', (input, fault) => {
  expect(faultsIn(input)).toEqual([fault]);
});

it('reports every fault at once', () => {
  const faults = faultsIn({ idScope: '', individualEnrollments: [one, one, { registrationId: 'two' }], extra: 1 });
  expect(faults).toHaveLength(4);
});

it('never quotes a key', () => {
  const secret = 'this-is-a-secret-but-no-base64';
  const input = {
    individualEnrollments: [{ ...one, attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: secret } } }],
  };
  expect(faultsIn(input).join()).not.toContain(secret);
});
