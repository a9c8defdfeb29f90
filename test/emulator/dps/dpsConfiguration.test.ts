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

function errorsIn(input: unknown): readonly string[] {
  const parsed = parseDpsConfiguration(input);
  return parsed.ok ? [] : parsed.errors;
}

it('accepts the example of the contract', () => {
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

it('may be empty', () => {
  const parsed = parseDpsConfiguration({});
  expect(parsed).toMatchObject({
    ok: true,
    configuration: { idScope: '0neLOCAL', retryAfterSeconds: 1, refuseAt: 'register' },
  });
});

it('accepts a certificate as the REST interface shows it, DER in base64', () => {
  const der = caPem.replace(/-----[^-]+-----|\s/g, '');
  expect(errorsIn({ enrollmentGroups: [x509Group(der)] })).toEqual([]);
});

it.each<[unknown, string]>([
  [[], 'configuration: expected an object, got a list'],
  [{ idscope: 'x' }, 'idscope: unknown field (did you mean "idScope"?)'],
  [{ idScope: 'two words' }, 'idScope: expected letters and digits, such as 0neLOCAL, got "two words"'],
  [{ retryAfterSeconds: -1 }, 'retryAfterSeconds: expected a number of at least 0, got -1'],
  [{ refuseAt: 'poll' }, 'refuseAt: expected "register", "connect", "close" or "failed", got "poll"'],
  [
    { individualEnrollments: [{ attestation }] },
    'individualEnrollments[0].registrationId: expected a string, but it is missing',
  ],
  [
    { individualEnrollments: [{ ...one, registrationId: '_one' }] },
    'individualEnrollments[0].registrationId: expected a registrationId, 1 to 128 letters, digits and - . _ : with none of these four at either end, got "_one"',
  ],
  [
    { individualEnrollments: [one, { ...one, registrationId: 'ONE' }] },
    'individualEnrollments[1].registrationId: duplicate name: individualEnrollments[0] already uses "one"',
  ],
  [
    { enrollmentGroups: [group, group] },
    'enrollmentGroups[1].enrollmentGroupId: duplicate name: enrollmentGroups[0] already uses "fleet"',
  ],
  [
    { individualEnrollments: [{ ...one, attestation: { type: 'tpm' } }] },
    'individualEnrollments[0].attestation.type: expected "symmetricKey" or "x509" (DPS offers no TPM attestation over MQTT), got "tpm"',
  ],
  [
    {
      individualEnrollments: [
        { ...one, attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: 'no key!' } } },
      ],
    },
    'individualEnrollments[0].attestation.symmetricKey.primaryKey: expected a key in base64, as the portal shows it, got another text of 7 characters',
  ],
  [
    { enrollmentGroups: [x509Group('hello')] },
    'enrollmentGroups[0].attestation.x509.signingCertificates.primary.certificate: expected a certificate, as PEM or DER in base64, got another text of 5 characters',
  ],
  [
    { individualEnrollments: [{ ...one, fault: 'explode' }] },
    'individualEnrollments[0].fault[0].kind: expected a fault of the table in docs/emulator.md, got "explode"',
  ],
  [
    { faults: { one: { kind: 'status', status: 200 } } },
    'faults.one[0].status: expected a number of at least 300, got 200',
  ],
  [
    { faults: { one: { kind: 'silent', at: 'lunch' } } },
    'faults.one[0].at: expected "connect", "subscribe", "register" or "poll", got "lunch"',
  ],
  [
    { listenerFault: 'smoke' },
    'listenerFault.kind: expected a listener fault of the table in docs/emulator.md, got "smoke"',
  ],
  [
    { hubFaults: { one: 'smoke' } },
    'hubFaults.one.kind: expected a hub fault of the table in docs/emulator.md, got "smoke"',
  ],
  [
    { hubFaults: { one: { kind: 'noPubAck' } } },
    'hubFaults.one.kind: expected a hub fault of the table in docs/emulator.md, got "noPubAck" (did you mean "noPuback"?)',
  ],
  [
    { individualEnrollments: [{ ...one, credentialPolicyName: 'default' }] },
    'individualEnrollments[0].credentialPolicyName: expected the name of one of credentialPolicies, got "default"',
  ],
  [
    { credentialPolicies: [{ name: 'a', validityDays: 91 }] },
    'credentialPolicies[0].validityDays: expected a number of at most 90, got 91',
  ],
  [{ strict: 'yes' }, 'strict: expected true or false, got "yes"'],
])('reports %j as one error with its path', (input, fault) => {
  expect(errorsIn(input)).toEqual([fault]);
});

it('reports every error at once', () => {
  const errors = errorsIn({ idScope: '', individualEnrollments: [one, one, { registrationId: 'two' }], extra: 1 });
  expect(errors).toHaveLength(4);
});

it('never quotes a key', () => {
  const secret = 'this-is-a-secret-but-no-base64';
  const input = {
    individualEnrollments: [{ ...one, attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: secret } } }],
  };
  expect(errorsIn(input).join()).not.toContain(secret);
  expect(errorsIn({ enrollmentGroups: [x509Group(`MIIE${secret}`)] }).join()).not.toContain(secret);
});

it('never shows messages of its schema library (fault 41)', () => {
  const wrong = { idScope: 7, retryAfterSeconds: '1', assigningPolls: 1.5, iotHubs: [], strict: 1, faults: [], x: 1 };
  const errors = errorsIn({
    ...wrong,
    individualEnrollments: {},
    enrollmentGroups: [7],
    hubFaults: { a: { kind: 7 } },
  });
  expect(errors.length).toBeGreaterThanOrEqual(10);
  for (const error of errors) {
    expect.soft(error).toMatch(/^[\w.[\]]+: (expected .+, (got .+|but it is missing)|unknown field.*)$/);
    expect.soft(error).not.toMatch(/Invalid|Unrecognized|received|Too (small|big)|undefined|NaN/);
  }
});
