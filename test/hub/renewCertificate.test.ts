import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCredentialsTopic, renewCertificate } from '../../src/hub/renewCertificate.ts';
import type { MqttSession } from '../../src/transport/mqttSession.ts';
import { createRecorder } from '../../src/transport/recorder.ts';
import type { TransportFailure } from '../../src/transport/transportFailure.ts';

type Message = readonly [topic: (rid: string) => string, body: unknown];

const timedOut: TransportFailure = { kind: 'timedOut', phase: 'hub', message: 'the deadline passed' };
const at = (status: number) => (rid: string) => `$iothub/credentials/res/${status}/?$rid=${rid}`;
const accepted: Message = [at(202), { correlationId: 'c-1', operationExpires: '2026-01-31T12:52:20.565000000Z' }];
const issued: Message = [at(200), { correlationId: 'c-1', certificates: ['a', 'b'] }];

/** A session whose hub sends these messages after the request, and then no more until the deadline. */
async function renewWith(messages: readonly Message[]) {
  const published: { topic: string; body: { id: string; csr: string; replace: string } }[] = [];
  let listener: (topic: string, body: Buffer) => void = () => undefined;
  const { promise: failed, resolve: fail } = Promise.withResolvers<TransportFailure>();
  const session: MqttSession = {
    failed,
    subscribe: async () => ({ kind: 'subscribed' }),
    async publish(topic, payload) {
      published.push({ topic, body: JSON.parse(payload) });
      const rid = /\$rid=(.+)$/.exec(topic)?.[1] ?? '';
      for (const [topicOf, body] of messages) {
        listener(topicOf(rid), Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)));
      }
      setImmediate(() => fail(timedOut));
      return 'acknowledged';
    },
    onMessage: (onMessage) => {
      listener = onMessage;
    },
    close: async () => undefined,
  };
  const recorder = createRecorder('hub');
  const ended = await renewCertificate(session, { deviceId: 'dev-1', csr: 'Y3Ny' }, { recorder });
  return { ended, published, transcript: recorder.transcript() };
}

describe('a renewal at the hub', () => {
  it('sends one request with a $rid that replace accepts, and replaces a pending request', async () => {
    const { published } = await renewWith([accepted, issued]);
    expect(published).toEqual([
      {
        topic: expect.stringMatching(
          /^\$iothub\/credentials\/POST\/issueCertificate\/\?\$rid=[A-Za-z0-9][A-Za-z0-9-]{2,34}[A-Za-z0-9]$/,
        ),
        body: { id: 'dev-1', csr: 'Y3Ny', replace: '*' },
      },
    ]);
  });

  it.each<[string, readonly Message[]]>([
    ['202 and 200', [accepted, issued]],
    ['200 immediately', [issued]],
    ['a further parameter', [accepted, [(rid) => `$iothub/credentials/res/200/?$rid=${rid}&$version=1`, issued[1]]]],
    ['the parameters in another order', [[(rid) => `$iothub/credentials/res/200/?$version=1&$rid=${rid}`, issued[1]]]],
    [
      'the $rid in the path',
      [
        [(rid) => `$iothub/credentials/res/202/${rid}`, accepted[1]],
        [(rid) => `$iothub/credentials/res/200/${rid}`, issued[1]],
      ],
    ],
    ['202 twice', [accepted, accepted, issued]],
    ['202 without a body', [[at(202), Buffer.alloc(0)], issued]],
  ])('has the new certificate: %s', async (_case, messages) => {
    const { ended } = await renewWith(messages);
    expect(ended).toMatchObject({ kind: 'renewed', correlationId: 'c-1', certificates: ['a', 'b'] });
    expect(ended).not.toHaveProperty('otherRequest');
  });

  it('reports another request that the hub responded to meanwhile', async () => {
    const { ended } = await renewWith([
      [() => '$iothub/credentials/res/200/?$rid=of-an-earlier-run', issued[1]],
      accepted,
      issued,
    ]);
    expect(ended).toMatchObject({ kind: 'renewed', otherRequest: 'of-an-earlier-run' });
  });

  it.each<[string, readonly Message[], object]>([
    ['nothing', [], timedOut],
    [
      '202 alone',
      [accepted],
      { ...timedOut, correlationId: 'c-1', operationExpires: '2026-01-31T12:52:20.565000000Z' },
    ],
    ['202 with a body of another form', [[at(202), { correlationId: 7 }]], timedOut],
    ['a foreign $rid', [[() => '$iothub/credentials/res/200/?$rid=1', issued[1]]], timedOut],
    ['no $rid', [[() => '$iothub/credentials/res/200/', issued[1]]], timedOut],
    ['another topic', [[(rid) => `$iothub/twin/res/200/?$rid=${rid}`, issued[1]]], timedOut],
    ['200 without certificates', [[at(200), { correlationId: 'c-1' }]], { kind: 'renewed', certificates: undefined }],
    ['200 that is not JSON', [[at(200), Buffer.from('{')]], { kind: 'malformedResponse', phase: 'hub' }],
    ['200 with a list', [[at(200), ['a']]], { kind: 'malformedResponse', phase: 'hub' }],
    ['a status that is not one of these', [[at(204), {}]], { kind: 'malformedResponse', phase: 'hub' }],
    ['an error without a body', [[at(503), Buffer.alloc(0)]], { kind: 'renewalRejected', status: 503 }],
    [
      'an error that is not JSON',
      [[at(400), Buffer.from('no\u0000')]],
      { kind: 'renewalRejected', status: 400, message: expect.stringMatching(/^no/) },
    ],
    [
      'an error after a 202',
      [
        accepted,
        [
          at(400),
          { errorCode: 400_037, message: 'm', trackingId: 't', timestampUtc: 'x', info: { credentialError: 'e' } },
        ],
      ],
      {
        kind: 'renewalRejected',
        status: 400,
        errorCode: 400_037,
        message: 'm',
        trackingId: 't',
        info: { credentialError: 'e' },
      },
    ],
    [
      'an error without info',
      [[at(409), { errorCode: 409_004, info: null }]],
      { kind: 'renewalRejected', status: 409, errorCode: 409_004 },
    ],
    [
      'an error whose numbers are texts',
      [[at(429), { errorCode: '429002', message: 'm', retryAfter: '30' }]],
      { kind: 'renewalRejected', status: 429, errorCode: 429_002, message: 'm', retryAfterSeconds: 30 },
    ],
    [
      'an error of another form',
      [[at(401), { error: { code: 'Unauthorized', text: 'no' } }]],
      { kind: 'renewalRejected', status: 401, message: '{"error":{"code":"Unauthorized","text":"no"}}' },
    ],
    [
      'an error with fields of another type',
      [[at(429), { errorCode: 'x', message: 5, trackingId: null, retryAfter: 30 }]],
      { kind: 'renewalRejected', status: 429, retryAfterSeconds: 30 },
    ],
  ])('has another result: %s', async (_case, messages, expected) => {
    expect((await renewWith(messages)).ended).toMatchObject(expected);
  });

  it('never throws and needs little memory, for any message of the hub', async () => {
    const body = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc
        .record({
          errorCode: fc.anything(),
          message: fc.string({ minLength: 1000, maxLength: 3000 }),
          info: fc.object(),
        })
        .map((value) => Buffer.from(JSON.stringify(value) ?? '')),
    );
    const topic = fc.oneof(
      fc.constantFrom(at(200), at(202), at(400), at(429), at(503)),
      fc.string().map((text) => (rid: string) => `$iothub/credentials/res/${text}${rid}`),
      fc.string().map((text) => () => text),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(topic, body), { maxLength: 4 }), async (messages) => {
        const { ended } = await renewWith(messages);
        if (ended.kind === 'renewed') return;
        const text = JSON.stringify(ended);
        expect(text.length).toBeLessThan(20_000);
        expect(text).not.toMatch(/\\u00[01][0-9a-f]/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the topic of a response', () => {
  it.each([
    ['$iothub/credentials/res/202/?$rid=a-1', { status: 202, rid: 'a-1' }],
    ['$iothub/credentials/res/200/?$version=1&$rid=a-1', { status: 200, rid: 'a-1' }],
    ['$iothub/credentials/res/200/a-1', { status: 200, rid: 'a-1' }],
    ['$iothub/credentials/res/200/a-1/', { status: 200, rid: 'a-1' }],
    ['$iothub/credentials/res/200/a-1?$version=1', { status: 200, rid: 'a-1' }],
    ['$iothub/credentials/res/400/?$version=1', { status: 400, rid: undefined }],
    ['$iothub/credentials/res/20/?$rid=1', undefined],
    ['$iothub/credentials/res/abc/?$rid=1', undefined],
    ['$dps/registrations/res/200/?$rid=1', undefined],
  ])('%s', (topic, expected) => {
    expect(parseCredentialsTopic(topic)).toEqual(expected);
  });
});
