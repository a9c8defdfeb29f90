/** What a service can send to mislead, to flood or to get a credential into the outcome: each is a finding, in time. */
import { generate } from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { authority, localProbe, run } from '../support/localProbe.ts';
import { assignment, type ScriptedServer, type Step, startScriptedServer } from '../support/scriptedServer.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer(await authority.issueServer());
});
afterAll(() => server.close());

let devices = 0;
function play(script: readonly Step[], over: Record<string, unknown> = {}): Promise<Outcome> {
  devices += 1;
  const registrationId = `device-${devices}`;
  server.play(registrationId, script);
  return run(localProbe({ ...server, idScope: '0neLOCAL' }, { registrationId, timeoutSeconds: 10, ...over }));
}

const right: Step = { do: 'right' };
const bytes = (...values: number[]): Step => ({ do: 'bytes', bytes: Buffer.from(values) });
const respond = (status: number, body: unknown, parameters = ''): Step => ({
  do: 'answer',
  topic: `$dps/registrations/res/${status}/?$rid=1${parameters}`,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  qos: 1,
});

describe.each(['mqtt', 'mqtt-ws'] as const)('over %s', (transport) => {
  it.each<[string, readonly Step[], string]>([
    ['two CONNACKs', [{ do: 'twice' }], 'mqttConnect'],
    ['CONNACK 6', [bytes(0x20, 2, 0, 6)], 'mqttConnect'],
    ['CONNACK 255', [bytes(0x20, 2, 0, 255)], 'mqttConnect'],
    ['a CONNACK of length 0', [bytes(0x20, 0)], 'mqttConnect'],
    ['a SUBACK without a code', [right, bytes(0x90, 2, 0, 1)], 'subscribe'],
    ['a SUBACK with two codes', [right, bytes(0x90, 4, 0, 1, 1, 1)], 'subscribe'],
    [
      'a SUBACK with a reserved code',
      [right, { do: 'packet', packet: { cmd: 'suback', messageId: 1, granted: [3] } }],
      'subscribe',
    ],
    ['a QoS 2 PUBLISH', [right, right, { ...assignment({}), qos: 2 }], 'register'],
    ['a packet of 300 KB', [right, right, respond(200, 'x'.repeat(300_000))], 'register'],
    [
      'nothing but PINGRESPs',
      [right, right, { do: 'bytes', bytes: Buffer.alloc(100_000, generate({ cmd: 'pingresp' })) }],
      'register',
    ],
  ])('%s is malformed, in its own phase', async (_case, script, phase) => {
    const outcome = await play(script, { transport });
    expect(outcome.result).toMatchObject({ kind: 'malformedResponse', phase });
    expect(outcome.durationMs).toBeLessThan(5_000);
  });

  it.each([1, 2, 3, 4, 5])('CONNACK %i is a code, and refused', async (returnCode) => {
    const outcome = await play([bytes(0x20, 2, 0, returnCode)], { transport });
    expect(outcome.result).toMatchObject({ kind: 'connectionRefused', phase: 'mqttConnect', returnCode });
  });
});

describe('429', () => {
  it.each([
    ['-5', 2],
    ['0x10', 2],
    ['9'.repeat(400), 2 ** 31 - 1],
    ['7.5', 7.5],
  ])('with retry-after %s has the number in its result that was waited', async (sent, seconds) => {
    const outcome = await play([right, right, respond(429, '', `&retry-after=${sent}`)], { timeoutSeconds: 1 });
    expect(outcome.result).toMatchObject({ kind: 'throttled', phase: 'register', retryAfterSeconds: seconds });
    expect(JSON.stringify(outcome)).not.toContain('Infinity');
  });

  it('is the result if it is the last response before the deadline, although the next request is open', async () => {
    const outcome = await play([right, right, respond(429, '', '&retry-after=0.0001'), { do: 'silence' }], {
      timeoutSeconds: 0.5,
    });
    expect(outcome.result).toMatchObject({ kind: 'throttled', phase: 'register', retryAfterSeconds: 0 });
  });

  it('does not hide a connection that is lost after it', async () => {
    const outcome = await play([right, right, respond(429, '', '&retry-after=0'), { do: 'close' }]);
    expect(outcome.result).toMatchObject({ kind: 'connectionLost', phase: 'register' });
  });
});

const unprintable = '"\u202e\u0000\u2028\ud800';

describe('text of the service', () => {
  it.each<[string, Step]>([
    ['a final operationId', { ...respond(200, { operationId: unprintable.repeat(50_000 / 5), status: 'disabled' }) }],
    [
      'the fields of an assignment',
      assignment({
        assignedHub: `${unprintable}.azure-devices.net`,
        deviceId: unprintable.repeat(99),
        substatus: unprintable,
        payload: { [unprintable]: [unprintable] },
      }),
    ],
    [
      'the fields of a failure',
      respond(200, {
        operationId: 'o',
        status: 'failed',
        registrationState: { errorMessage: unprintable.repeat(999), trackingId: unprintable },
      }),
    ],
    [
      'the fields of an error',
      respond(401, {
        errorCode: 401000,
        message: unprintable.repeat(999),
        trackingId: unprintable,
        timestampUtc: unprintable,
      }),
    ],
    ['a message of backslashes', respond(401, { errorCode: 401000, message: '\\'.repeat(125_000) })],
    ['a message of spaces', respond(401, { errorCode: 401000, message: `x${' '.repeat(200_000)}x` })],
    ['a body that is not JSON', respond(500, unprintable.repeat(9_999))],
    ['an unknown status word', respond(200, { operationId: 'o', status: unprintable.repeat(99) })],
    ['a topic', { do: 'answer', topic: `t/${unprintable.repeat(999)}`, body: '', qos: 0 }],
  ])('is bounded, well-formed and printable, and read at once: %s', async (_field, step) => {
    const { payload: _, ...outcome } = (await play([right, right, step], { timeoutSeconds: 1 })) as Outcome & {
      payload?: unknown;
    };
    expect(outcome.durationMs).toBeLessThan(10_000); // quadratic time would be more, and a busy machine less
    const texts = textsOf(outcome);
    for (const text of texts) {
      expect(text.isWellFormed()).toBe(true);
      expect(text).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u);
      expect(text.length).toBeLessThan(2_000);
    }
  });

  it.each<[string, number, unknown, string]>([
    ['free text', 200, 'An error occurred while sending the request.', 'An error occurred while sending the request.'],
    ['an error body', 200, { errorCode: 401002, trackingId: 'T-7', message: 'Unauthorized' }, 'Unauthorized'],
    ['free text', 202, 'upstream says no', 'upstream says no'],
    ['an error of another form', 500, { error: { message: 'the webhook is away' } }, 'the webhook is away'],
    ['a code as a text', 400, { errorCode: '400004', message: 'Invalid RegistrationId' }, '400004'],
    ['a wrong type', 404, { errorCode: {}, message: 'gone' }, 'gone'],
  ])('survives in the reason (field report 15): %s under %i', async (_form, status, body, words) => {
    const outcome = await play([right, right, respond(status, body)]);
    expect(outcome.verdict).toBe('failing');
    expect(outcome.reasons.join()).toContain(words);
  });
});

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => [key, ...textsOf(field)]);
}
