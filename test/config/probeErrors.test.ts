import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/configuration.ts';
import { formatErrors } from '../../src/config/configurationErrors.ts';
import { probeJson } from '../support/probeJson.ts';
import { sampleSecrets } from '../support/sampleSecrets.ts';

/** The lines that somebody sees who has set PROBES to this. */
function linesFor(probes: unknown): readonly string[] {
  const text = typeof probes === 'string' ? probes : JSON.stringify(probes);
  const configuration = parseConfiguration({ PROBES: text }, () => 'not read');
  return configuration.kind === 'valid' ? [] : formatErrors(configuration.errors).split('\n');
}

const symmetricKey = (changes: object) => ({ attestation: { type: 'symmetricKey', secret: 'k', ...changes } });
const x509 = (changes: object) => ({ attestation: { type: 'x509', certificate: 'c', ...changes } });
const allFields =
  'name, idScope, registrationId, attestation, globalDeviceEndpoint, transport, apiVersion, payload, timeoutSeconds, everyMinutes, requestCertificate, verifyHub, expect';
const badHost = 'PROBES[0].globalDeviceEndpoint: expected host[:port], without scheme and path';
const badName = 'PROBES[0].name: expected 1 to 63 lower-case letters, digits and dashes, with no dash first';
const badId =
  'PROBES[0].registrationId: expected at most 128 letters, digits or : . _ - with a letter or digit at both ends';

describe('one fault of a probe, in the words that people see', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['no name', { name: undefined }, 'PROBES[0].name: required, but missing'],
    ['a capital in the name', { name: 'Weu' }, badName],
    ['a dash first in the name', { name: '-weu' }, badName],
    ['a name of 64 characters', { name: 'a'.repeat(64) }, badName],
    ['a number for a name', { name: 5 }, 'PROBES[0].name: expected a string, not a number'],
    [
      'an ID scope with a dash',
      { idScope: '0ne-1' },
      'PROBES[0].idScope: expected the ID scope of a DPS instance: letters and digits, as in 0ne00000000',
    ],
    ['a null', { idScope: null }, 'PROBES[0].idScope: expected a string, not null'],
    ['a slash in the registration ID', { registrationId: 'a/b' }, badId],
    ['a dash at the end of the registration ID', { registrationId: 'a-' }, badId],
    ['a registration ID of 129 characters', { registrationId: 'a'.repeat(129) }, badId],
    ['no attestation', { attestation: undefined }, 'PROBES[0].attestation: required, but missing'],
    ['a text for the attestation', { attestation: 'x509' }, 'PROBES[0].attestation: expected an object, not a string'],
    [
      'an attestation without type',
      { attestation: {} },
      'PROBES[0].attestation.type: required, but missing: symmetricKey or x509',
    ],
    [
      'an unknown attestation',
      { attestation: { type: 'sas' } },
      'PROBES[0].attestation.type: expected symmetricKey or x509',
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
      'PROBES[0].attestation.enrollment: expected individual or group',
    ],
    [
      'a token for longer than a day',
      symmetricKey({ tokenLifetimeSeconds: 86_401 }),
      'PROBES[0].attestation.tokenLifetimeSeconds: expected at most 86400',
    ],
    ['a scheme in the endpoint', { globalDeviceEndpoint: 'mqtts://dps.example' }, badHost],
    ['a path in the endpoint', { globalDeviceEndpoint: 'dps.example/x' }, badHost],
    ['port 0', { globalDeviceEndpoint: 'dps.example:0' }, badHost],
    ['port 65536', { globalDeviceEndpoint: 'dps.example:65536' }, badHost],
    ['an IPv6 literal', { globalDeviceEndpoint: '[::1]:8883' }, badHost],
    ['a label that begins with a dash', { globalDeviceEndpoint: '-dps.example' }, badHost],
    ['an unknown transport', { transport: 'mqtts' }, 'PROBES[0].transport: expected mqtt or mqtt-ws'],
    [
      'an API version that is no date',
      { apiVersion: 'v1' },
      'PROBES[0].apiVersion: expected a date, as in 2019-03-31, or a date and -preview',
    ],
    ['no time', { timeoutSeconds: 0 }, 'PROBES[0].timeoutSeconds: expected more than 0'],
    ['more time than HTTP has', { timeoutSeconds: 221 }, 'PROBES[0].timeoutSeconds: expected at most 220'],
    ['a number as text', { timeoutSeconds: '60' }, 'PROBES[0].timeoutSeconds: expected a number, not a string'],
    ['half minutes', { everyMinutes: 2.5 }, 'PROBES[0].everyMinutes: expected a whole number, not a fraction'],
    ['never', { everyMinutes: 0 }, 'PROBES[0].everyMinutes: expected more than 0'],
    [
      'an unknown verification',
      { verifyHub: 'yes' },
      'PROBES[0].verifyHub: expected connect, telemetry, twin or renew',
    ],
    [
      'a payload of more than a message',
      { payload: 'x'.repeat(96 * 1024) },
      'PROBES[0].payload: expected at most 96 KB of JSON, the largest message that DPS takes',
    ],
    ['a list for expect', { expect: [] }, 'PROBES[0].expect: expected an object, not an array'],
    [
      'an unknown result',
      { expect: { result: 'ok' } },
      'PROBES[0].expect.result: expected assigned, refused, disabled or failed',
    ],
    [
      'an error code of three digits',
      { expect: { result: 'refused', errorCode: 401 } },
      'PROBES[0].expect.errorCode: expected at least 100000',
    ],
    [
      'an error code of an assignment',
      { expect: { errorCode: 401_002 } },
      'PROBES[0].expect.errorCode: expected only with an expected result of refused or failed',
    ],
    ['no hub', { expect: { assignedHub: [] } }, 'PROBES[0].expect.assignedHub: expected at least 1 entry'],
    [
      'a hub that is not in a list',
      { expect: { assignedHub: 'h.azure-devices.net' } },
      'PROBES[0].expect.assignedHub: expected an array, not a string',
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
      'PROBES[0].requestCertificate: expected true or false, not a string',
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
      'PROBES[0].expect.issuedCertificateDays: expected an object, not a number',
    ],
    [
      'an empty profile',
      { expect: { connectionProfile: '' } },
      'PROBES[0].expect.connectionProfile: expected at least 1 character',
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
    ['a field like no other', { zzz: 1 }, `PROBES[0].zzz: unknown field; the fields here are ${allFields}`],
    [
      'a field with a slip inside expect',
      { expect: { resullt: 'refused' } },
      'PROBES[0].expect.resullt: unknown field, did you mean result?',
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
    ['an entry that is no object', [probeJson(), 7], ['PROBES[1]: expected an object, not a number']],
    ['an object without probes', {}, ['PROBES.probes: required, but missing']],
    [
      'an object with more',
      { probes: [], version: 1 },
      ['PROBES.version: unknown field; the fields here are $schema, probes'],
    ],
    ['no JSON', 'probes', ['PROBES: expected JSON; it breaks off at line 1, column 1']],
    ['a comma too many', '[\n  {"name": "a",}\n]', ['PROBES: expected JSON; it breaks off at line 2, column 16']],
    ['JSON that ends too soon', '[{', ['PROBES: expected JSON; it breaks off at line 1, column 2']],
    [
      'three probes of one name',
      [probeJson({ name: 'a' }), probeJson({ name: 'b' }), probeJson({ name: 'a' }), probeJson({ name: 'a' })],
      [
        'PROBES[2].name: expected a name of its own: PROBES[0] has the same',
        'PROBES[3].name: expected a name of its own: PROBES[0] has the same',
      ],
    ],
    [
      'two probes of one name in an object',
      { probes: [probeJson(), probeJson()] },
      ['PROBES.probes[1].name: expected a name of its own: PROBES.probes[0] has the same'],
    ],
  ])('%s is a fault', (_, probes, lines) => {
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

describe('a secret where its name belongs', () => {
  it.each(Object.entries(sampleSecrets))('is a fault that does not repeat it: %s', (_, secret) => {
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

  it.each(Object.entries(sampleSecrets))('is not repeated wherever else somebody may put it: %s', (_, secret) => {
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
