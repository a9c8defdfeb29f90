import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { probesJsonSchema } from '../../src/config/jsonSchema.ts';
import { parseProbes } from '../../src/config/probes.ts';
import { probeJson } from '../support/probeJson.ts';

/** A validator that is independent of the one in the app. */
const conforms = new Ajv2020({ strict: true, strictRequired: false }).compile(probesJsonSchema());

const x509 = { type: 'x509', certificate: 'c' };
const fingerprint = Array(32).fill('AB').join(':');

describe('the JSON Schema of the probes agrees with the app', () => {
  it.each<[string, unknown]>([
    ['no probes', []],
    ['an array', [probeJson()]],
    ['an object with $schema', { $schema: './probes.schema.json', probes: [probeJson()] }],
    [
      'every field',
      [
        probeJson({
          attestation: { type: 'symmetricKey', secret: 's', enrollment: 'group', tokenLifetimeSeconds: 60 },
          globalDeviceEndpoint: 'dps.example:8883',
          transport: 'mqtt-ws',
          apiVersion: '2021-06-01',
          payload: { model: [1, null, 'x'] },
          timeoutSeconds: 30,
          everyMinutes: 15,
          verifyHub: 'twin',
          expect: {
            result: 'assigned',
            assignedHub: ['hub-a.azure-devices.net', 'localhost:8884'],
            deviceId: 'd',
            substatus: 'initialAssignment',
            withinSeconds: 20,
            certificateDaysLeft: 14,
            rootFingerprints: [fingerprint],
          },
        }),
      ],
    ],
    [
      'a certificate that is requested, renewed and judged',
      [
        probeJson({
          apiVersion: '2026-11-02-preview',
          requestCertificate: true,
          verifyHub: 'renew',
          expect: { connectionProfile: 'classic', issuedCertificateDays: { min: 1, max: 90 } },
        }),
      ],
    ],
    ['a certificate that is not requested', [probeJson({ requestCertificate: false, verifyHub: 'connect' })]],
    ['an individual certificate', [probeJson({ attestation: x509 })]],
    ['a group certificate', [probeJson({ attestation: { ...x509, enrollment: 'group' } })]],
    ['a refusal with its code', [probeJson({ expect: { result: 'refused', errorCode: 401_002 } })]],
    ['an IPv4 address', [probeJson({ globalDeviceEndpoint: '127.0.0.1:65535' })]],
    ['an empty expectation', [probeJson({ expect: {}, verifyHub: 'connect' })]],
  ])('that %s is right', (_, probes) => {
    expect(parseProbes(JSON.stringify(probes), { root: 'PROBES' }).kind).toBe('valid');
    expect(conforms(probes), JSON.stringify(conforms.errors)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a text', 'probes'],
    ['an object without probes', {}],
    ['an object with more', { probes: [], more: 1 }],
    ['an unknown field', [probeJson({ idscope: 'x' })]],
    ['a missing field', [probeJson({ idScope: undefined })]],
    ['a name with a capital', [probeJson({ name: 'A' })]],
    ['TPM', [probeJson({ attestation: { type: 'tpm' } })]],
    ['a key with a certificate', [probeJson({ attestation: { ...x509, secret: 's' } })]],
    [
      'a key as base64',
      [probeJson({ attestation: { type: 'symmetricKey', secret: 'a2V5a2V5a2V5a2V5a2V5/2V5a2V5a2V5a2V5a2V5a2U=' } })],
    ],
    ['a port above 65535', [probeJson({ globalDeviceEndpoint: 'dps.example:65536' })]],
    ['an endpoint with a scheme', [probeJson({ globalDeviceEndpoint: 'mqtts://dps.example' })]],
    ['too much time', [probeJson({ timeoutSeconds: 221 })]],
    ['half minutes', [probeJson({ everyMinutes: 0.5 })]],
    ['an unknown expectation', [probeJson({ expect: { result: 'assigned', hub: 'h' } })]],
    ['a code of an assignment', [probeJson({ expect: { errorCode: 401_002 } })]],
    ['a code of an assignment that is written', [probeJson({ expect: { result: 'assigned', errorCode: 401_002 } })]],
    ['the hub of a refusal', [probeJson({ expect: { result: 'refused', assignedHub: ['h'] } })]],
    ['the duration of a failure', [probeJson({ expect: { result: 'failed', withinSeconds: 1 } })]],
    ['a renewal of a certificate that is not requested', [probeJson({ verifyHub: 'renew' })]],
    ['a renewal of a certificate that is refused', [probeJson({ verifyHub: 'renew', requestCertificate: false })]],
    ['the days of a certificate that is not requested', [probeJson({ expect: { issuedCertificateDays: { min: 1 } } })]],
    [
      'the days of a certificate after a refusal',
      [probeJson({ requestCertificate: true, expect: { result: 'refused', issuedCertificateDays: { min: 1 } } })],
    ],
    [
      'the profile of a hub after a refusal',
      [probeJson({ expect: { result: 'refused', connectionProfile: 'classic' } })],
    ],
    ['a request that is a text', [probeJson({ requestCertificate: 'yes' })]],
    ['days before the day', [probeJson({ requestCertificate: true, expect: { issuedCertificateDays: { min: -1 } } })]],
    ['the hub after a refusal', [probeJson({ verifyHub: 'connect', expect: { result: 'refused' } })]],
  ])('an error: %s', (_, probes) => {
    // as JSON has it: without fields that are undefined
    const asWritten: unknown = JSON.parse(JSON.stringify(probes));
    expect(parseProbes(JSON.stringify(probes), { root: 'PROBES' }).kind).toBe('invalid');
    expect(conforms(asWritten)).toBe(false);
  });

  it('by explaining each field, and showing the defaults', () => {
    const { $defs } = probesJsonSchema();
    const properties = $defs?.Probe?.properties ?? {};

    const unexplained = Object.entries(properties).filter(
      ([, field]) => typeof field === 'boolean' || !field.description,
    );
    expect(unexplained).toEqual([]);
    expect(properties.timeoutSeconds).toMatchObject({ default: 60 });
    expect(probesJsonSchema().$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  });
});
