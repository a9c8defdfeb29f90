/** With any error and any attestation, no output for users or programs contains a secret. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createSelfSigned } from '../../src/emulator/certificates.ts';
import type { DpsConfigurationInput } from '../../src/emulator/dps/dpsConfiguration.ts';
import { type RunningDps, startDps } from '../../src/emulator/dps/startDps.ts';
import { deviceKeyOf } from '../../src/emulator/sasToken.ts';
import type { SecretResult } from '../../src/keyvault/secretResult.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { authority, deviceKey, localProbe, run } from '../support/localProbe.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';
import { createTally, fuzzRuns, fuzzScale, fuzzTimeoutMs, holdsAlways, printFigures } from './fuzzRuns.ts';

type Faults = NonNullable<DpsConfigurationInput['faults']>;

const runs = fuzzRuns(128);
const servicesAtOnce = 4 * fuzzScale;
const groupKey = plantedSecrets.groupKey;
const own = await createSelfSigned({ commonName: 'own' });
const { intermediate } = authority;

const pem = { kind: 'found', contentType: 'application/x-pem-file' } as const;
const vault: { readonly [name: string]: SecretResult } = {
  key: { kind: 'found', value: deviceKey },
  'group-key': { kind: 'found', value: groupKey },
  own: { ...pem, value: `${own.key}\n${own.cert}` },
  fleet: { ...pem, value: `${intermediate.key}\n${intermediate.cert}` },
  // Text that is not a credential must not be quoted either.
  'bad-key': { kind: 'found', value: `${deviceKey}!` },
  'bad-pem': { ...pem, value: own.key },
};
const readSecret = async (secret: string): Promise<SecretResult> =>
  vault[secret] ?? { kind: 'notFound', secret, message: 'no such secret' };

/** By registrationId: how that device proves itself. */
const devices: { readonly [registrationId: string]: object } = {
  one: { type: 'symmetricKey', secret: 'key' },
  'of-group': { type: 'symmetricKey', secret: 'group-key', enrollment: 'group' },
  own: { type: 'x509', certificate: 'own' },
  'of-fleet': { type: 'x509', certificate: 'fleet', enrollment: 'group' },
  'wrong-key': { type: 'symmetricKey', secret: 'key' },
  'bad-key': { type: 'symmetricKey', secret: 'bad-key' },
  'bad-pem': { type: 'x509', certificate: 'bad-pem' },
  'other-name': { type: 'x509', certificate: 'own' },
};

const phase = fc.constantFrom('connect', 'subscribe', 'register', 'poll');
const request = fc.constantFrom('register', 'poll');
const fault = fc.oneof(
  fc.record({ kind: fc.constantFrom('silent', 'close', 'reset', 'garbage'), at: phase }),
  fc.record({
    kind: fc.constantFrom('wrongTopic', 'foreignRid', 'disabled', 'failed', 'unknownStatus', 'missingField'),
    at: request,
  }),
  fc.record({
    kind: fc.constant('status'),
    status: fc.integer({ min: 300, max: 599 }),
    at: request,
    body: fc.constantFrom('json', 'text', 'empty'),
  }),
  fc.record({
    kind: fc.constant('badBody'),
    at: request,
    body: fc.constantFrom('notJson', 'empty', 'wrongTypes', 'array', 'null', 'truncated'),
  }),
  fc.record({ kind: fc.constant('connack'), returnCode: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    kind: fc.constantFrom(
      'throttled',
      'subscriptionRefused',
      'noPuback',
      'fragmented',
      'duplicate',
      'lateAnswer',
      'assignedAtRegister',
    ),
  }),
) as fc.Arbitrary<Faults[string]>;

const faultsOfDevices = fc.record(Object.fromEntries(Object.keys(devices).map((id) => [id, fault])));
const certificate = await authority.issueServer();
const printed: unknown[][] = [];

beforeEach(() => {
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...words) => void printed.push(words));
  }
});
afterEach(() => vi.restoreAllMocks());

it('simulates devices with and without errors', async () => {
  const dps = await startFaultyDps({});
  const kinds = Object.entries(devices).map(async ([registrationId, attestation]) => {
    const outcome = await run(localProbe(dps, { registrationId, attestation }), { readSecret });
    return [registrationId, outcome.result.kind];
  });
  expect(Object.fromEntries(await Promise.all(kinds))).toEqual({
    one: 'assigned',
    'of-group': 'assigned',
    own: 'assigned',
    'of-fleet': 'assigned',
    'wrong-key': 'rejected',
    'bad-key': 'notRun',
    'bad-pem': 'notRun',
    'other-name': 'notRun',
  });
  await dps.close();
});

it.each(['mqtt', 'mqtt-ws'] as const)(
  'no outcome over %s has a key, a signature or a PEM in it',
  async (transport) => {
    const ended = createTally();
    const property = fc.asyncProperty(
      fc.array(faultsOfDevices, { minLength: servicesAtOnce, maxLength: servicesAtOnce }),
      async (services) => {
        printed.length = 0;
        const outcomes = await Promise.all(services.map((faults) => playAll(transport, faults)));
        for (const { result } of outcomes.flat()) ended.count(result.kind);
        expectNoSecret([outcomes, printed]);
      },
    );
    await holdsAlways(property, runs / servicesAtOnce / Object.keys(devices).length);
    printFigures(`secrets over ${transport}`, ended.figures());
  },
  fuzzTimeoutMs,
);

async function playAll(transport: 'mqtt' | 'mqtt-ws', faults: Faults): Promise<Outcome[]> {
  const dps = await startFaultyDps(faults);
  const runsOfDevices = Object.entries(devices).map(([registrationId, attestation]) =>
    run(localProbe(dps, { registrationId, attestation, transport, timeoutSeconds: 0.3 * fuzzScale }), { readSecret }),
  );
  return Promise.all(runsOfDevices).finally(() => dps.close());
}

function startFaultyDps(faults: Faults): Promise<RunningDps> {
  const keyOf = (primaryKey: string) => ({ type: 'symmetricKey', symmetricKey: { primaryKey } }) as const;
  return startDps({
    certificate,
    configuration: {
      retryAfterSeconds: 0,
      faults,
      individualEnrollments: [
        { registrationId: 'one', attestation: keyOf(deviceKey) },
        { registrationId: 'wrong-key', attestation: keyOf(groupKey) },
        {
          registrationId: 'own',
          attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: own.cert } } } },
        },
      ],
      enrollmentGroups: [
        { enrollmentGroupId: 'keys', attestation: keyOf(groupKey) },
        {
          enrollmentGroupId: 'certificates',
          attestation: { type: 'x509', x509: { signingCertificates: { primary: { certificate: intermediate.cert } } } },
        },
      ],
    },
  });
}

/** The keys as text and as bytes, every line of the PEM files, and everything that looks like another token or PEM. */
const secrets = [
  deviceKey,
  groupKey,
  Buffer.from(groupKey, 'base64').toString('latin1'),
  deviceKeyOf(Buffer.from(groupKey, 'base64'), 'of-group').toString('base64'),
  ...[own.key, own.cert, intermediate.key, intermediate.cert].flatMap((text) =>
    text.split('\n').filter((line) => line.length > 40 && !line.startsWith('-----')),
  ),
];

function expectNoSecret(everything: unknown): void {
  const seen = `${JSON.stringify(everything)}${inspect(everything, { depth: 20, maxArrayLength: 1000, maxStringLength: 100_000 })}`;
  for (const secret of secrets) expect(seen).not.toContain(secret);
  expect(seen).not.toMatch(/SharedAccessSignature|sig=|-----BEGIN/);
}
