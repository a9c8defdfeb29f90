import { describe, expect, it } from 'vitest';
import { type Configuration, parseConfiguration } from '../../src/config/configuration.ts';
import { probeJson } from '../support/probeJson.ts';

const noFile = (path: string): string => {
  throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
};

function linesOf(configuration: Configuration): readonly string[] {
  return configuration.kind === 'valid' ? [] : configuration.errors.map(({ path, message }) => `${path}: ${message}`);
}

describe('the configuration', () => {
  it('fills in what a probe leaves out', () => {
    expect(parseConfiguration({ PROBES: JSON.stringify([probeJson()]) }, noFile)).toMatchObject({
      kind: 'valid',
      settings: { probeSchedule: '0 */5 * * * *' },
      probes: [
        {
          attestation: { enrollment: 'individual', tokenLifetimeSeconds: 3600 },
          globalDeviceEndpoint: 'global.azure-devices-provisioning.net',
          transport: 'mqtt',
          apiVersion: '2019-03-31',
          timeoutSeconds: 60,
          expect: { result: 'assigned' },
        },
      ],
    });
  });

  it('reads the file at PROBES_FILE, in either form and with a byte order mark', () => {
    const files: Readonly<Record<string, string>> = {
      'array.json': JSON.stringify([probeJson()]),
      'object.json': `\uFEFF${JSON.stringify({ $schema: './probes.schema.json', probes: [probeJson()] })}`,
    };
    const read = Object.keys(files).map((name) =>
      parseConfiguration({ PROBES_FILE: name }, (path) => files[path] ?? ''),
    );

    expect(read[0]).toMatchObject({ kind: 'valid', probes: [{ name: 'weu-key' }] });
    expect(read[1]).toEqual({ ...read[0], errorIn: expect.any(Function) });
  });

  it('is valid without probes, as after a first deployment', () => {
    expect(parseConfiguration({}, noFile)).toMatchObject({ kind: 'valid', probes: [] });
    expect(parseConfiguration({ PROBES: '[]' }, noFile)).toMatchObject({ kind: 'valid', probes: [] });
  });

  it('accepts the example of the contract with either of its alternatives', () => {
    const example = {
      name: 'weu-group-key',
      idScope: '0ne00A1B2C3',
      registrationId: 'canary-001',
      attestation: { type: 'symmetricKey', secret: 'canary-001-key' },
      globalDeviceEndpoint: 'global.azure-devices-provisioning.net',
      transport: 'mqtt',
      apiVersion: '2019-03-31',
      payload: {},
      timeoutSeconds: 60,
      everyMinutes: 5,
      verifyHub: 'connect',
      expect: {
        result: 'assigned',
        assignedHub: ['hub-a.azure-devices.net'],
        deviceId: 'canary-001',
        substatus: 'initialAssignment',
        withinSeconds: 20,
        certificateDaysLeft: 14,
      },
    };

    expect(parseConfiguration({ PROBES: JSON.stringify([example]) }, noFile)).toMatchObject({
      kind: 'valid',
      probes: [example],
    });
  });

  it('reports the errors of settings and probes together', () => {
    const environment = {
      KEY_VAULT_URL: 'vault',
      OUTCOME_RETENTION_DAYS: 'many',
      PROBES: JSON.stringify([probeJson({ name: 'A' }), probeJson({ transport: 'tcp' })]),
    };

    expect(linesOf(parseConfiguration(environment, noFile))).toEqual([
      'KEY_VAULT_URL: expected the https URL of a key vault, as in https://NAME.vault.azure.net, without a path',
      'OUTCOME_RETENTION_DAYS: expected a whole number of days',
      'PROBES[0].name: expected 1 to 63 lower-case letters, digits and dashes, starting with a letter or digit',
      'PROBES[1].transport: expected mqtt or mqtt-ws, got something else',
    ]);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'a file that is not there',
      { PROBES_FILE: '/no/such/file' },
      'PROBES_FILE: expected the path of a file that can be read (ENOENT)',
    ],
    ['both forms', { PROBES: '[]', PROBES_FILE: 'f' }, 'PROBES_FILE: expected only one of PROBES and PROBES_FILE'],
  ])('names %s', (_, environment, line) => {
    expect(linesOf(parseConfiguration(environment, noFile))).toEqual([line]);
  });

  it.each([
    ['UTF-16, as some shells write it', Buffer.from('\ufeff[]', 'utf16le')],
    ['Latin-1', Buffer.from('[{"payload": "\xe9"}]', 'latin1')],
  ])('names a file in %s, whose characters would change', (_, bytes) => {
    expect(linesOf(parseConfiguration({ PROBES_FILE: 'f' }, () => bytes))).toEqual([
      'PROBES_FILE: expected a file in UTF-8: save it again in that encoding',
    ]);
  });

  it('reads a file in UTF-8 with a byte order mark', () => {
    const bytes = Buffer.from(`\ufeff${JSON.stringify([probeJson({ payload: 'é' })])}`);
    const configuration = parseConfiguration({ PROBES_FILE: 'f' }, () => bytes);
    expect(configuration).toMatchObject({ kind: 'valid', probes: [{ payload: 'é' }] });
  });
});
