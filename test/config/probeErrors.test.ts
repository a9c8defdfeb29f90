import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/configuration.ts';
import { formatErrors } from '../../src/config/configurationErrors.ts';
import { probeJson } from '../support/probeJson.ts';
import { sampleSecrets } from '../support/sampleSecrets.ts';

/** The error lines for this value of PROBES. */
function linesFor(probes: unknown): readonly string[] {
  const text = typeof probes === 'string' ? probes : JSON.stringify(probes);
  const configuration = parseConfiguration({ PROBES: text }, () => 'not read');
  return configuration.kind === 'valid' ? [] : configuration.errors.map(({ path, message }) => `${path}: ${message}`);
}

const symmetricKey = (changes: object) => ({ attestation: { type: 'symmetricKey', secret: 'k', ...changes } });
const x509 = (changes: object) => ({ attestation: { type: 'x509', certificate: 'c', ...changes } });
const allFields =
  'name, idScope, registrationId, attestation, globalDeviceEndpoint, transport, apiVersion, payload, timeoutSeconds, everyMinutes, requestCertificate, verifyHub, tags, expect';
const badHost = 'PROBES[0].globalDeviceEndpoint: expected host[:port], without scheme and path';
const badName =
  'PROBES[0].name: expected 1 to 63 lower-case letters, digits and dashes, starting with a letter or digit';
const badId =
  'PROBES[0].registrationId: expected at most 128 letters, digits or : . _ - with a letter or digit at both ends';

const placeholder =
  'PROBES[0].idScope: expected the ID scope of your DPS instance (Azure portal, Overview), got the placeholder of the examples';
const inexact =
  'expected a number that JavaScript represents exactly: whole numbers up to 9007199254740991, and none above 1.8e308; write it as a string';
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

describe('one error of a probe, in the words that people see', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['no name', { name: undefined }, 'PROBES[0].name: required, but missing'],
    ['a capital in the name', { name: 'Weu' }, badName],
    ['a dash first in the name', { name: '-weu' }, badName],
    ['a name of 64 characters', { name: 'a'.repeat(64) }, badName],
    ['a number for a name', { name: 5 }, 'PROBES[0].name: expected a string, got a number'],
    [
      'an ID scope with a dash',
      { idScope: '0ne-1' },
      'PROBES[0].idScope: expected the ID scope of a DPS instance: letters and digits, as in 0ne00A1B2C3',
    ],
    ['a null', { idScope: null }, 'PROBES[0].idScope: expected a string, got null'],
    ['a slash in the registration ID', { registrationId: 'a/b' }, badId],
    ['a dash at the end of the registration ID', { registrationId: 'a-' }, badId],
    ['a registration ID of 129 characters', { registrationId: 'a'.repeat(129) }, badId],
    ['no attestation', { attestation: undefined }, 'PROBES[0].attestation: required, but missing'],
    ['a text for the attestation', { attestation: 'x509' }, 'PROBES[0].attestation: expected an object, got a string'],
    [
      'an attestation without type',
      { attestation: {} },
      'PROBES[0].attestation.type: required, but missing: symmetricKey or x509',
    ],
    [
      'an unknown attestation',
      { attestation: { type: 'sas' } },
      'PROBES[0].attestation.type: expected symmetricKey or x509, got something else',
    ],
    [
      'TPM attestation',
      { attestation: { type: 'tpm' } },
      'PROBES[0].attestation.type: DPS does not offer TPM attestation over MQTT: expected symmetricKey or x509',
    ],
    ['no secret', symmetricKey({ secret: undefined }), 'PROBES[0].attestation.secret: required, but missing'],
    [
      'a secret name with an underscore',
      symmetricKey({ secret: 'canary_key' }),
      'PROBES[0].attestation.secret: expected the name of a Key Vault secret: 1 to 127 letters, digits and dashes',
    ],
    [
      "a certificate's field with a key",
      symmetricKey({ certificate: 'c' }),
      'PROBES[0].attestation.certificate: unknown field; the fields here are type, secret, enrollment, tokenLifetimeSeconds',
    ],
    [
      'an unknown enrollment',
      x509({ enrollment: 'groups' }),
      'PROBES[0].attestation.enrollment: expected individual or group, got "groups" (did you mean "group"?)',
    ],
    [
      'a token for longer than a day',
      symmetricKey({ tokenLifetimeSeconds: 86_401 }),
      'PROBES[0].attestation.tokenLifetimeSeconds: expected at most 86400, got 86401',
    ],
    ['a scheme in the endpoint', { globalDeviceEndpoint: 'mqtts://dps.example' }, badHost],
    ['a path in the endpoint', { globalDeviceEndpoint: 'dps.example/x' }, badHost],
    ['port 0', { globalDeviceEndpoint: 'dps.example:0' }, badHost],
    ['port 65536', { globalDeviceEndpoint: 'dps.example:65536' }, badHost],
    ['an IPv6 literal', { globalDeviceEndpoint: '[::1]:8883' }, badHost],
    ['a label that begins with a dash', { globalDeviceEndpoint: '-dps.example' }, badHost],
    [
      'an unknown transport',
      { transport: 'mqtts' },
      'PROBES[0].transport: expected mqtt or mqtt-ws, got "mqtts" (did you mean "mqtt"?)',
    ],
    [
      'an API version that is not a date',
      { apiVersion: 'v1' },
      'PROBES[0].apiVersion: expected a date, as in 2019-03-31, or a date and -preview',
    ],
    [
      'an API version that is not a day',
      { apiVersion: '2019-13-45' },
      'PROBES[0].apiVersion: expected a date, as in 2019-03-31, or a date and -preview',
    ],
    [
      'an expected text that changes the direction of the page',
      { expect: { deviceId: 'canary\u202e' } },
      'PROBES[0].expect.deviceId: expected printable characters only',
    ],
    [
      'half a character',
      { expect: { substatus: '\ud800' } },
      'PROBES[0].expect.substatus: expected printable characters only',
    ],
    ['no time', { timeoutSeconds: 0 }, 'PROBES[0].timeoutSeconds: expected more than 0, got 0'],
    ['more time than HTTP has', { timeoutSeconds: 221 }, 'PROBES[0].timeoutSeconds: expected at most 220, got 221'],
    ['a number as text', { timeoutSeconds: '60' }, 'PROBES[0].timeoutSeconds: expected a number, got a string'],
    ['half minutes', { everyMinutes: 2.5 }, 'PROBES[0].everyMinutes: expected a whole number, got a fraction'],
    ['never', { everyMinutes: 0 }, 'PROBES[0].everyMinutes: expected more than 0, got 0'],
    ['more than a day', { everyMinutes: 1441 }, 'PROBES[0].everyMinutes: expected at most 1440, got 1441'],
    [
      'an unknown verification',
      { verifyHub: 'yes' },
      'PROBES[0].verifyHub: expected connect, telemetry, twin or renew, got something else',
    ],
    [
      'a payload of more than a message',
      { payload: 'x'.repeat(96 * 1024) },
      'PROBES[0].payload: expected at most 96 KB of JSON, the largest message that DPS accepts',
    ],
    ['a list for expect', { expect: [] }, 'PROBES[0].expect: expected an object, got an array'],
    [
      'an unknown result',
      { expect: { result: 'ok' } },
      'PROBES[0].expect.result: expected assigned, refused, disabled or failed, got something else',
    ],
    [
      'an error code of three digits',
      { expect: { result: 'refused', errorCode: 401 } },
      'PROBES[0].expect.errorCode: expected at least 100000, got 401',
    ],
    [
      'an error code of an assignment',
      { expect: { errorCode: 401_002 } },
      'PROBES[0].expect.errorCode: expected only with an expected result of refused or failed',
    ],
    ['no hub', { expect: { assignedHub: [] } }, 'PROBES[0].expect.assignedHub: expected at least 1 entry, got 0'],
    [
      'a hub that is not in a list',
      { expect: { assignedHub: 'h.azure-devices.net' } },
      'PROBES[0].expect.assignedHub: expected an array, got a string',
    ],
    [
      'a hub with a scheme',
      { expect: { assignedHub: ['h', 'https://h'] } },
      'PROBES[0].expect.assignedHub[1]: expected host[:port], without scheme and path',
    ],
    [
      'the hub of a refusal',
      { expect: { result: 'refused', assignedHub: ['h'] } },
      'PROBES[0].expect.assignedHub: expected only with an expected result of assigned',
    ],
    [
      'the device of a refusal',
      { expect: { result: 'disabled', deviceId: 'd' } },
      'PROBES[0].expect.deviceId: expected only with an expected result of assigned',
    ],
    [
      'the substatus of a failure',
      { expect: { result: 'failed', substatus: 's' } },
      'PROBES[0].expect.substatus: expected only with an expected result of assigned',
    ],
    [
      'the duration of a refusal',
      { expect: { result: 'refused', withinSeconds: 5 } },
      'PROBES[0].expect.withinSeconds: expected only with an expected result of assigned',
    ],
    [
      'as slow as the deadline',
      { expect: { withinSeconds: 60 } },
      'PROBES[0].expect.withinSeconds: expected less than timeoutSeconds, which ends the run first',
    ],
    [
      'the hub after a refusal',
      { verifyHub: 'twin', expect: { result: 'refused' } },
      'PROBES[0].verifyHub: expected only with an expected result of assigned: nothing else leads to a hub',
    ],
    [
      'a certificate from an API that does not know it',
      { requestCertificate: true, apiVersion: '2019-03-31' },
      'PROBES[0].apiVersion: expected 2025-07-01-preview or newer with requestCertificate, got 2019-03-31',
    ],
    [
      'the profile from an API that does not report it',
      { apiVersion: '2025-07-01-preview', expect: { connectionProfile: 'mqttV5' } },
      'PROBES[0].apiVersion: expected 2026-11-02-preview or newer with expect.connectionProfile, got 2025-07-01-preview',
    ],
    [
      'an API version that is too old for both the certificate and the profile',
      { requestCertificate: true, apiVersion: '2021-06-01', expect: { connectionProfile: 'classic' } },
      'PROBES[0].apiVersion: expected 2026-11-02-preview or newer with expect.connectionProfile, got 2021-06-01',
    ],
    [
      'a renewal without a certificate',
      { verifyHub: 'renew' },
      'PROBES[0].verifyHub: renew is expected only with requestCertificate true: the hub renews no other certificate',
    ],
    [
      'a request that is a text',
      { requestCertificate: 'true', verifyHub: 'renew' },
      'PROBES[0].requestCertificate: expected true or false, got a string',
    ],
    [
      'more days at least than at most',
      { requestCertificate: true, expect: { issuedCertificateDays: { min: 30, max: 7 } } },
      'PROBES[0].expect.issuedCertificateDays.min: expected at most max, which is 7, got 30',
    ],
    [
      'days of a certificate that is not requested',
      { expect: { issuedCertificateDays: { min: 1 } } },
      'PROBES[0].expect.issuedCertificateDays: expected only with requestCertificate true: no certificate is issued without it',
    ],
    [
      'the days of a certificate after a refusal',
      { requestCertificate: true, expect: { result: 'refused', issuedCertificateDays: { max: 1 } } },
      'PROBES[0].expect.issuedCertificateDays: expected only with an expected result of assigned',
    ],
    [
      'a number for the days',
      { requestCertificate: true, expect: { issuedCertificateDays: 30 } },
      'PROBES[0].expect.issuedCertificateDays: expected an object, got a number',
    ],
    [
      'an empty profile',
      { expect: { connectionProfile: '' } },
      'PROBES[0].expect.connectionProfile: expected at least 1 character, got 0',
    ],
    [
      'slower than the deadline of a renewal',
      { requestCertificate: true, verifyHub: 'renew', expect: { withinSeconds: 180 } },
      'PROBES[0].expect.withinSeconds: expected less than timeoutSeconds, which ends the run first',
    ],
    [
      'a short fingerprint',
      { expect: { rootFingerprints: ['AB:CD'] } },
      'PROBES[0].expect.rootFingerprints[0]: expected a SHA-256 fingerprint: 32 hexadecimal bytes joined by colons',
    ],
    ['a field in the wrong case', { idscope: 'x' }, 'PROBES[0].idscope: unknown field, did you mean idScope?'],
    [
      'a field with a slip',
      { timeoutSecond: 5 },
      'PROBES[0].timeoutSecond: unknown field, did you mean timeoutSeconds?',
    ],
    ['a field that resembles no other', { zzz: 1 }, `PROBES[0].zzz: unknown field; the fields here are ${allFields}`],
    [
      'a field with a slip inside expect',
      { expect: { resullt: 'refused' } },
      'PROBES[0].expect.resullt: unknown field, did you mean result?',
    ],
    [
      'a result with a typo',
      { expect: { result: 'refuse' } },
      'PROBES[0].expect.result: expected assigned, refused, disabled or failed, got "refuse" (did you mean "refused"?)',
    ],
    [
      'a verification in another case',
      { verifyHub: 'Twin' },
      'PROBES[0].verifyHub: expected connect, telemetry, twin or renew, got "Twin" (did you mean "twin"?)',
    ],
    [
      'an attestation with a typo',
      { attestation: { type: 'symetricKey', secret: 's' } },
      'PROBES[0].attestation.type: expected symmetricKey or x509, got "symetricKey" (did you mean "symmetricKey"?)',
    ],
    [
      'a misspelt required field, which is one mistake',
      { idScope: undefined, idscope: '0ne00A1B2C3' },
      'PROBES[0].idscope: unknown field, did you mean idScope?',
    ],
    [
      'a misspelt required field inside of another',
      symmetricKey({ secret: undefined, secrt: 'k' }),
      'PROBES[0].attestation.secrt: unknown field, did you mean secret?',
    ],
    [
      'a misspelt type of attestation',
      { attestation: { tpye: 'x509', certificate: 'c' } },
      'PROBES[0].attestation.type: required, but missing: symmetricKey or x509 (did you mean it by "tpye"?)',
    ],
    ['the placeholder of the examples', { idScope: '0ne00000000' }, placeholder],
    [
      'another placeholder',
      { idScope: '0neXXXXXXXX', globalDeviceEndpoint: 'a.azure-devices-provisioning.net:443' },
      placeholder,
    ],
    [
      'the placeholder in China',
      { idScope: '0cn00000000', globalDeviceEndpoint: 'global.azure-devices-provisioning.cn' },
      placeholder,
    ],
    ['one tag, not in a list', { tags: 'weu' }, 'PROBES[0].tags: expected an array, got a string'],
    [
      'a tag with a blank',
      { tags: ['a', 'line 3'] },
      'PROBES[0].tags[1]: expected 1 to 63 letters, digits or . _ - with a letter or digit first',
    ],
    ['a tag twice', { tags: ['a', 'a'] }, 'PROBES[0].tags: expected each tag once'],
    [
      'a payload that is nested too deeply',
      { payload: nested(33) },
      'PROBES[0].payload: expected at most 32 levels of nesting',
    ],
    ['a field with a line break', { 'a\nb': 1 }, `PROBES[0]["a\\nb"]: unknown field; the fields here are ${allFields}`],
  ])('%s', (_, changes, line) => {
    expect(linesFor([probeJson(changes)])).toEqual([line]);
  });
});

describe('the list of probes', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['a number', '5', ['PROBES: expected an array of probes, or an object with probes']],
    ['null', 'null', ['PROBES: expected an array of probes, or an object with probes']],
    ['an entry that is not an object', [probeJson(), 7], ['PROBES[1]: expected an object, got a number']],
    ['an object without probes', {}, ['PROBES.probes: required, but missing']],
    ['a single probe', probeJson(), ['PROBES: expected an array of probes, got a single probe: write it in [ ]']],
    [
      'a single probe with a typo and an error',
      { ...probeJson({ idScope: 7 }), idscope: 'x' },
      ['PROBES: expected an array of probes, got a single probe: write it in [ ]'],
    ],
    ['an object whose probes are one', { probes: probeJson() }, ['PROBES.probes: expected an array, got an object']],
    ['an object with a typo', { probs: [probeJson()] }, ['PROBES.probs: unknown field, did you mean probes?']],
    [
      'a field that is given twice',
      JSON.stringify([probeJson()]).replace('{', '{"timeoutSeconds":5,"timeoutSeconds":6,'),
      ['PROBES[0].timeoutSeconds: duplicate field: line 1 already has it'],
    ],
    [
      'a field that is given twice inside of a payload',
      JSON.stringify([probeJson({ payload: {} })]).replace('"payload":{}', '"payload":{"a":[{"b":1,"b":1}]}'),
      ['PROBES[0].payload.a[0].b: duplicate field: line 1 already has it'],
    ],
    [
      'a number that would become another one',
      JSON.stringify([probeJson({ payload: {} })]).replace('{}', '12345678901234567890'),
      [`PROBES[0].payload: ${inexact}`],
    ],
    [
      'a number beyond all numbers',
      JSON.stringify([probeJson({ payload: {} })]).replace('{}', '[1e400]'),
      [`PROBES[0].payload[0]: ${inexact}`, 'PROBES[0].payload: expected a JSON value: no number above 1.8e308'],
    ],
    [
      'a line break inside of quotes',
      '["a\nb"]',
      [
        'PROBES[0]: expected no line break or other control character inside the quotes: write \\n for a line break',
        'PROBES[0]: expected an object, got a string',
      ],
    ],
    ['8,000 levels of nesting', '['.repeat(8000) + ']'.repeat(8000), ['PROBES: expected at most 64 levels of nesting']],
    [
      '65 levels of nesting',
      JSON.stringify([probeJson({ payload: nested(64) })]),
      [
        expect.stringMatching(/^PROBES\[0\]\.payload(\[0\])+: expected at most 64 levels of nesting$/),
        'PROBES[0].payload: expected at most 32 levels of nesting',
      ],
    ],
    [
      'an object with more',
      { probes: [], version: 1 },
      ['PROBES.version: unknown field; the fields here are $schema, probes'],
    ],
    ['text', 'probes', ['PROBES: not valid JSON: unexpected token at line 1, column 1']],
    ['two commas', '[\n  {"name": "a",,}\n]', ['PROBES: not valid JSON: unexpected token at line 2, column 16']],
    ['JSON that ends too soon', '[{"name": "a"', ['PROBES: not valid JSON: it ends too early, at line 1, column 14']],
    [
      'three probes of one name',
      [probeJson({ name: 'a' }), probeJson({ name: 'b' }), probeJson({ name: 'a' }), probeJson({ name: 'a' })],
      [
        'PROBES[2].name: duplicate name: PROBES[0] already uses it',
        'PROBES[3].name: duplicate name: PROBES[0] already uses it',
      ],
    ],
    [
      'two probes of one name in an object',
      { probes: [probeJson(), probeJson()] },
      ['PROBES.probes[1].name: duplicate name: PROBES.probes[0] already uses it'],
    ],
  ])('%s is an error', (_, probes, lines) => {
    expect(linesFor(probes)).toEqual(lines);
  });

  it('reports rules between fields although single fields are wrong as well', () => {
    const lines = linesFor([
      probeJson({ name: 'A', verifyHub: 'connect', expect: { result: 'refused', deviceId: 'd', no: 1 } }),
    ]);

    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'PROBES[0].name',
      'PROBES[0].expect.no',
      'PROBES[0].expect.deviceId',
      'PROBES[0].verifyHub',
    ]);
  });
});

describe('JSON as people write it', () => {
  it('may contain comments, trailing commas and the placeholder of a stand-in', () => {
    expect(
      linesFor(`// our probes
[
  { "name": "a", "idScope": "0ne00000000", "registrationId": "r", /* the stand-in */ "globalDeviceEndpoint": "localhost:8883",
    "attestation": { "type": "symmetricKey", "secret": "k", }, },
]`),
    ).toEqual([]);
  });

  it('has each error with its line and its probe', () => {
    const text = `[\n  { "name": "a", "idScope": "0ne1", "registrationId": "r", "attestation": { "type": "x509", "certificate": "c" } },
  {
    "name": "b", "idScope": "0ne1", "registrationId": "r",
    "attestation": { "type": "x509", "certificate": "c" },
    "timeoutSeconds": 600,
    "expect": { "reslt": "refused" }
  }\n]`;
    const configuration = parseConfiguration({ PROBES_FILE: '/etc/probes.json' }, () => text);
    expect(configuration).toEqual({
      kind: 'invalid',
      errors: [
        {
          path: 'PROBES_FILE[1].timeoutSeconds',
          message: 'expected at most 220, got 600',
          probe: 'b',
          file: '/etc/probes.json',
          line: 6,
          column: 5,
        },
        {
          path: 'PROBES_FILE[1].expect.reslt',
          message: 'unknown field, did you mean result?',
          probe: 'b',
          file: '/etc/probes.json',
          line: 7,
          column: 17,
        },
      ],
    });
    expect(configuration.kind === 'invalid' && formatErrors(configuration.errors)).toBe(
      'PROBES_FILE[1].timeoutSeconds: expected at most 220, got 600 (/etc/probes.json line 6, probe b)\n' +
        'PROBES_FILE[1].expect.reslt: unknown field, did you mean result? (/etc/probes.json line 7, probe b)',
    );
  });
});

describe('a secret instead of its name', () => {
  it.each(Object.entries(sampleSecrets))('is an error that does not repeat it: %s', (_, secret) => {
    expect(
      linesFor([probeJson(symmetricKey({ secret })), probeJson({ name: 'b', ...x509({ certificate: secret }) })]),
    ).toEqual([
      'PROBES[0].attestation.secret: expected the name of a Key Vault secret, not its value',
      'PROBES[1].attestation.certificate: expected the name of a Key Vault certificate, not its value',
    ]);
  });

  it.each([
    'canary-001-key',
    'z'.repeat(127),
    'Canary-West-Europe-001-Symmetric-Key-Primary-Slot',
    'THEKEYOFTHEDEVICETHATSTANDSINTHEHALLOFFACTORY',
  ])('is not seen in a long name: %s', (secret) => {
    expect(linesFor([probeJson(symmetricKey({ secret }))])).toEqual([]);
  });

  it.each(Object.entries(sampleSecrets))('is not repeated wherever it may be put by mistake: %s', (_, secret) => {
    const fields = [
      'name',
      'idScope',
      'registrationId',
      'attestation',
      'globalDeviceEndpoint',
      'transport',
      'apiVersion',
      'timeoutSeconds',
      'everyMinutes',
      'requestCertificate',
      'verifyHub',
      'expect',
    ];
    const probes = [
      ...fields.map((field) => probeJson({ [field]: secret })),
      ...['errorCode', 'connectionProfile', 'issuedCertificateDays', 'assignedHub', 'result', 'rootFingerprints'].map(
        (field) => probeJson({ expect: { [field]: [secret] } }),
      ),
      probeJson({ [secret]: secret }),
      probeJson(symmetricKey({ [secret]: secret, type: secret })),
      secret,
    ];
    const text = linesFor(probes).join('\n');

    const inner = secret.slice(secret.length / 2).slice(0, 15);
    expect(text).not.toContain(inner);
    expect(linesFor(`[${secret}`).join()).not.toContain(inner);
  });
});
