import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { probeSchema } from '../../src/config/probe.ts';
import { readResponse } from '../../src/dps/readResponse.ts';
import type { RegistrationResult } from '../../src/dps/registrationResult.ts';
import { judge } from '../../src/outcomes/verdict.ts';
import { splitReason } from '../../src/status/page/probeSentence.ts';

const bodies = JSON.parse(readFileSync(new URL('../support/dpsBodies.json', import.meta.url), 'utf8'));

/**
 * Bodies that the real service sent in public traces; ids, names and GUIDs are replaced, the form is as sent. Each passes through the whole
 * path: wire → result → verdict → the words of the page.
 */
function read(status: number, body: unknown, phase: 'register' | 'assign' = 'assign'): RegistrationResult {
  const reading = readResponse({ status, body: Buffer.from(JSON.stringify(body)) }, phase, 2);
  if (reading.kind !== 'finished') throw new Error(`the exchange goes on: ${reading.kind}`);
  return reading.result;
}

const probe = (over: object = {}) =>
  probeSchema.parse({
    name: 'p',
    idScope: '0ne00A1B2C3',
    registrationId: 'device1',
    attestation: { type: 'symmetricKey', secret: 's' },
    ...over,
  });
const x509 = { attestation: { type: 'x509', certificate: 'c' } };

function judged(result: RegistrationResult, over: object = {}) {
  const { verdict, reasons } = judge(probe(over), { result, durationMs: 1000 });
  return { verdict, text: reasons.join('\n'), page: reasons.map(splitReason) };
}

const assigned = bodies.assigned.body;

const failed = (errorMessage: string, errorCode?: number) => ({
  operationId: '2.c1d2e3f405162738.0a1b2c3d-1111-4222-8333-44445555666a',
  status: 'failed',
  registrationState: {
    registrationId: 'mydevice',
    createdDateTimeUtc: '2018-03-29T06:12:46.9462581Z',
    status: 'failed',
    ...(errorCode !== undefined && { errorCode }),
    errorMessage,
    lastUpdatedDateTimeUtc: '2018-03-29T06:12:47.0558811Z',
    etag: '"00000000-0000-0000-0000-000000000000"',
  },
});

it('field report 21: an assignment of the real service is healthy, with every fact of it', () => {
  const result = read(200, assigned);
  expect(result).toMatchObject({
    kind: 'assigned',
    assignedHub: 'contoso.azure-devices.net',
    substatus: 'initialAssignment',
  });
  expect(judged(result)).toMatchObject({ verdict: 'healthy', text: '' });
});

it('field report 21: the operation status of 2017, registrationStatus, is read the same', () => {
  const { registrationState: registrationStatus, ...rest } = assigned;
  expect(read(200, { ...rest, registrationStatus })).toEqual(read(200, assigned));
});

describe('field report 6: an errorMessage that is JSON in JSON', () => {
  const message = 'registrationState.errorMessage';
  const oneLevel: string = bodies.staleHubLink[message];
  const twoLevels: string = bodies.staleHubLinkTwoLevels[message];
  const inner = JSON.parse(JSON.parse(twoLevels).Message);
  const threeLevels = JSON.stringify({ Message: JSON.stringify({ Message: JSON.stringify(inner) }) });

  it.each([
    [
      'one level',
      oneLevel,
      '0a1b2c3d4e5f60718293a4b5c6d7e8f9-G:10-TimeStamp:12/10/2020 06:42:31',
      'ErrorCode:IotHubUnauthorizedAccess;Unauthorized',
    ],
    ['two levels', twoLevels, inner.trackingId, 'Unauthorized access'],
    ['three levels', threeLevels, inner.trackingId, 'Unauthorized access'],
    ['a JSON string around it', JSON.stringify(twoLevels), inner.trackingId, 'Unauthorized access'],
  ])('is a stale hub link in %s, with its inner words and tracking ID', (_case, message, trackingId, words) => {
    for (const over of [{}, x509]) {
      const result = read(200, failed(message));
      expect(result).toMatchObject({ kind: 'failed', message: words, trackingId, isNested: true });
      const { verdict, text, page } = judged(result, over);
      expect(verdict).toBe('failing');
      expect(text).toContain('the linked hub refuses DPS');
      expect(text).toContain(`"${words}", trackingId ${trackingId}`);
      expect(text).not.toMatch(/\\|\{|\}/);
      expect(page).toMatchObject([{ next: 'Link the hub again in DPS (Linked IoT hubs), with its present key.' }]);
    }
  });

  it('is not a refusal of the credential: a refusal canary with a certificate is unknown', () => {
    expect(judged(read(200, failed(twoLevels)), { ...x509, expect: { result: 'refused' } }).verdict).toBe('unknown');
  });

  it('has the outer code, and shows the inner one in brackets', () => {
    const result = read(200, failed(twoLevels, 400207));
    expect(result).toMatchObject({ errorCode: 400207, message: 'Unauthorized access (errorCode 401002)' });
  });

  it('is readable even if it was cut off', () => {
    const result = read(200, failed(twoLevels.slice(0, 90)));
    expect(judged(result).text).not.toContain('\\"');
    expect(judged(result).text).toContain('Unauthorized access');
  });

  it('in the response of a refused request is unpacked as well', () => {
    expect(read(500, { errorCode: 500001, message: oneLevel }, 'register')).toMatchObject({
      kind: 'rejected',
      errorCode: 500001,
      message: 'ErrorCode:IotHubUnauthorizedAccess;Unauthorized',
    });
  });
});

describe('field report 10: the texts of 401002', () => {
  it.each(['Invalid certificate', 'CA certificate not found.', 'Unauthorized'])(
    '"%s" is a refused certificate',
    (message) => {
      const result = read(200, failed(message, 401002));
      const { verdict, text } = judged(result, x509);
      expect(verdict).toBe('failing');
      expect(text).toContain('The registration failed in phase assign: the credential was refused');
      expect(text).toContain('Next: Compare the certificate in Key Vault and its chain with the enrollment');
      expect(judged(result, { ...x509, expect: { result: 'refused' } }).verdict).toBe('healthy');
    },
  );

  it('"IotHubUnauthorizedAccess" is the hub that refuses DPS', () => {
    expect(judged(read(200, failed('IotHubUnauthorizedAccess', 401002)), x509).text).toContain(
      'the linked hub refuses DPS',
    );
  });
});

it('field report 11: a wrong key names the key and the network rules', () => {
  const result = read(401, bodies.wrongKey.body, 'register');
  const { verdict, text } = judged(result);
  expect(verdict).toBe('failing');
  expect(text).toContain('errorCode 401000, "Unauthorized", trackingId 0a1b2c3d-1111-4222-8333-44445555666b');
  expect(text).toMatch(/network rules.*Next: Compare the key/);
  expect(judged(result, { expect: { result: 'refused' } }).verdict).toBe('healthy');
});

it.each(['Invalid RegistrationId', 'Unsupported API version 2019-04-15.'])(
  'field report 13: 400004 "%s" is a wrong value',
  (message) => {
    const { text } = judged(read(400, { errorCode: 400004, trackingId: 'T', message }, 'register'));
    expect(text).toContain(`a value in the request is not valid (errorCode 400004, "${message}", trackingId T)`);
    expect(text).not.toContain('..');
  },
);

it('field report 15: free text of a service survives, also under 200', () => {
  const result = read(200, { message: 'An error occurred while sending the request.' });
  expect(result.kind).toBe('malformedResponse');
  expect(judged(result).text).toContain('An error occurred while sending the request.');
  const without = judged(read(200, failed('An error occurred while sending the request.')));
  expect(without.text).toContain('without an error code ("An error occurred while sending the request.")');
});
