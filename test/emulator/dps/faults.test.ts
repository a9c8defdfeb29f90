/** Each fault from a device's view: the responses to CONNECT, SUBSCRIBE, one register message and status queries. */
import type { Packet } from 'mqtt-packet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLocalAuthority } from '../../../src/emulator/certificates.ts';
import type { DpsConfigurationInput } from '../../../src/emulator/dps/dpsConfiguration.ts';
import { type RunningDps, startDps } from '../../../src/emulator/dps/startDps.ts';
import { deviceKeyOf } from '../../../src/emulator/sasToken.ts';
import { connectPacket, type RawMqttClient, rawMqttOverTls } from '../../support/rawMqttClient.ts';
import { registrationToken } from '../../support/sasToken.ts';

type FaultInput = NonNullable<DpsConfigurationInput['faults']>[string];

const connected = 'connack 0';
const subscribed = 'suback 1';
const accepted = '202/?$rid=1&retry-after=0 assigning';
const upTo = (...lines: string[]) => [connected, subscribed, ...lines];
const maxPolls = 3;
const ends = new Set(['closed', 'reset', 'silence', 'garbage']);

const rows: readonly (readonly [FaultInput, readonly string[]])[] = [
  [[], upTo(accepted, '200/?$rid=2 assigned')],
  ['fragmented', upTo(accepted, '200/?$rid=2 assigned')],
  ['noPuback', upTo(accepted, '200/?$rid=2 assigned')],

  ['connack', ['connack 5', 'closed']],
  ...[1, 2, 3, 4, 5].map(
    (returnCode) => [{ kind: 'connack', returnCode }, [`connack ${returnCode}`, 'closed']] as const,
  ),
  ['subscriptionRefused', [connected, 'suback 128']],

  [{ kind: 'silent', at: 'connect' }, ['silence']],
  [{ kind: 'silent', at: 'subscribe' }, [connected, 'silence']],
  ['silent', upTo('silence')],
  [{ kind: 'silent', at: 'poll' }, upTo(accepted, 'silence')],
  [{ kind: 'close', at: 'connect' }, ['closed']],
  [{ kind: 'close', at: 'connect', when: 'after' }, [connected, 'closed']],
  [{ kind: 'close', at: 'subscribe', when: 'after' }, upTo('closed')],
  ['close', upTo('closed')],
  [{ kind: 'close', when: 'after' }, upTo(accepted, 'closed')],
  [{ kind: 'close', at: 'poll' }, upTo(accepted, 'closed')],
  [{ kind: 'reset', at: 'connect' }, ['reset']],
  ['reset', upTo('reset')],
  [{ kind: 'reset', at: 'poll' }, upTo(accepted, 'reset')],
  [{ kind: 'garbage', at: 'connect' }, ['garbage']],
  [{ kind: 'garbage', at: 'subscribe' }, [connected, 'garbage']],
  ['garbage', upTo('garbage')],
  [{ kind: 'garbage', at: 'poll' }, upTo(accepted, 'garbage')],

  ...[302, 400, 401, 404, 409, 412, 429, 500, 503].map(
    (status) => [{ kind: 'status', status }, upTo(`${status}/?$rid=1 errorCode ${status}000`)] as const,
  ),
  [{ kind: 'status', status: 401, errorCode: 401002 }, upTo('401/?$rid=1 errorCode 401002')],
  [{ kind: 'status', status: 500, at: 'poll' }, upTo(accepted, '500/?$rid=2 errorCode 500000')],
  [{ kind: 'status', status: 500, errorCode: null }, upTo('500/?$rid=1 without errorCode')],
  [{ kind: 'status', status: 503, retryAfter: 7 }, upTo('503/?$rid=1&retry-after=7 errorCode 503000')],
  [{ kind: 'status', status: 503, body: 'text' }, upTo('503/?$rid=1 "The service is unavailable."')],
  [{ kind: 'status', status: 503, body: 'empty' }, upTo('503/?$rid=1 ""')],
  ['throttled', upTo('429/?$rid=1&retry-after=0 errorCode 429001')],
  [{ kind: 'throttled', retryAfter: null }, upTo('429/?$rid=1 errorCode 429001')],
  [{ kind: 'throttled', at: 'poll', retryAfter: 0 }, upTo(accepted, '429/?$rid=2&retry-after=0 errorCode 429001')],

  ['neverAssigned', upTo(accepted, ...[2, 3, 4].map((rid) => `202/?$rid=${rid}&retry-after=0 assigning`))],
  ['failed', upTo(accepted, '200/?$rid=2 failed 400207 Custom allocation failed with status code: 400')],
  [{ kind: 'failed', at: 'register', errorCode: null, message: null }, upTo('200/?$rid=1 failed')],
  // Field report 15: a webhook's other status, and .NET's sentence in place of it
  [
    { kind: 'failed', webhookStatus: 404 },
    upTo(accepted, '200/?$rid=2 failed 400207 Custom allocation failed with status code: 404'),
  ],
  [
    { kind: 'failed', errorCode: 400207, message: 'An error occurred while sending the request.' },
    upTo(accepted, '200/?$rid=2 failed 400207 An error occurred while sending the request.'),
  ],
  [{ kind: 'status', status: 401, topicStatus: 200 }, upTo('200/?$rid=1 errorCode 401000')],
  [{ kind: 'status', status: 500, topicStatus: 200, at: 'poll' }, upTo(accepted, '200/?$rid=2 errorCode 500000')],
  [{ kind: 'status', status: 502, body: 'text', message: 'Bad Gateway' }, upTo('502/?$rid=1 "Bad Gateway"')],
  // Field report 21: forms of other years
  ['registrationStatus', upTo(accepted, '200/?$rid=2 assigned in registrationStatus to nobody')],
  ['operationId', upTo(accepted, '200/?$rid=2 assigned')],
  ['qos0', upTo(`at QoS 0: ${accepted}`, 'at QoS 0: 200/?$rid=2 assigned')],
  ['disabled', upTo('200/?$rid=1 disabled without operationId')],
  [{ kind: 'disabled', at: 'poll' }, upTo(accepted, '200/?$rid=2 disabled without operationId')],
  ['assignedAtRegister', upTo('200/?$rid=1 assigned')],
  ['unknownStatus', upTo(accepted, '200/?$rid=2 onHold')],
  [{ kind: 'assignment', assignedHub: 'evil.example.com' }, upTo(accepted, '200/?$rid=2 assigned to evil.example.com')],
  ['missingField', upTo(accepted, '200/?$rid=2 assigned to nobody')],
  [{ kind: 'missingField', field: 'registrationState' }, upTo(accepted, '200/?$rid=2 assigned to nobody')],
  [
    { kind: 'missingField', field: 'operationId', at: 'register' },
    upTo('202/?$rid=1&retry-after=0 assigning without operationId'),
  ],

  ['badBody', upTo('202/?$rid=1&retry-after=0 "this is not JSON"')],
  [{ kind: 'badBody', body: 'empty' }, upTo('202/?$rid=1&retry-after=0 ""')],
  [{ kind: 'badBody', body: 'array' }, upTo('202/?$rid=1&retry-after=0 []')],
  [{ kind: 'badBody', body: 'null' }, upTo('202/?$rid=1&retry-after=0 null')],
  [{ kind: 'badBody', body: 'wrongTypes' }, upTo('202/?$rid=1&retry-after=0 assigned without operationId')],
  [{ kind: 'badBody', body: 'tooLarge', at: 'poll' }, upTo(accepted, '200/?$rid=2 1000000 bytes and more')],

  [{ kind: 'retryAfter', value: null }, upTo('202/?$rid=1 assigning', '200/?$rid=2 assigned')],
  ...[-1, 0, 'soon', 999_999_999].map(
    (value) =>
      [
        { kind: 'retryAfter', value },
        upTo(`202/?$rid=1&retry-after=${value} assigning`, '200/?$rid=2 assigned'),
      ] as const,
  ),
  ['parameterOrder', upTo('202/?retry-after=0&$rid=1 assigning', '200/?$rid=2 assigned')],
  ['foreignRid', upTo('202/?$rid=1-foreign&retry-after=0 assigning')],
  [
    { kind: 'foreignRid', thenRight: true },
    upTo('202/?$rid=1-foreign&retry-after=0 assigning', accepted, '200/?$rid=2 assigned'),
  ],
  ['duplicate', upTo(accepted, accepted, '200/?$rid=2 assigned', '200/?$rid=2 assigned')],
  ['lateAnswer', upTo(accepted, accepted, '200/?$rid=2 assigned')],
  ['wrongTopic', upTo('ok assigning')],

  [
    [{ kind: 'throttled', at: 'poll', times: 1, retryAfter: 0 }, 'neverAssigned'],
    upTo(accepted, '429/?$rid=2&retry-after=0 errorCode 429001'),
  ],
  [
    ['neverAssigned', 'parameterOrder'],
    upTo('202/?retry-after=0&$rid=1 assigning', ...[2, 3, 4].map((rid) => `202/?retry-after=0&$rid=${rid} assigning`)),
  ],
];

const authority = await createLocalAuthority();
const groupKey = Buffer.from('group').toString('base64');
let dps: RunningDps;

beforeAll(async () => {
  dps = await startDps({
    certificate: await authority.issueServer(),
    configuration: {
      retryAfterSeconds: 0,
      faults: {
        ...Object.fromEntries(rows.map(([fault], index) => [`device-${index}`, fault])),
        'twice-throttled': { kind: 'throttled', times: 2, retryAfter: 0 },
        'resets-after-subscribe': { kind: 'reset', at: 'subscribe', when: 'after' },
        ...Object.fromEntries(
          (['0', '2', '5', 'registrationId'] as const).map((form) => [
            `id-${form}`.toLowerCase(),
            { kind: 'operationId' as const, form },
          ]),
        ),
        slow: { kind: 'slow', delayMs: 120 },
      },
      enrollmentGroups: [
        { enrollmentGroupId: 'all', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } } },
      ],
    },
  });
});

afterAll(() => dps.close());

it.each(rows.map(([fault, lines], index) => [JSON.stringify(fault), index, lines] as const))(
  'injects %s',
  async (_, index, lines) => {
    expect(await exchange(`device-${index}`)).toEqual(lines);
  },
);

it('stops throttling after the configured number of times', async () => {
  const first = await exchange('twice-throttled');
  const second = await exchange('twice-throttled');
  const third = await exchange('twice-throttled');
  const throttled = upTo('429/?$rid=1&retry-after=0 errorCode 429001');
  expect([first, second, third]).toEqual([throttled, throttled, upTo(accepted, '200/?$rid=2 assigned')]);
});

it('can respond and reset at once', async () => {
  expect((await exchange('resets-after-subscribe')).at(-1)).toBe('reset');
});

it.each([
  ['0', /^0\.[0-9a-f]{16}\.[0-9a-f-]{36}$/],
  ['2', /^2\.[0-9a-f]{16}\.[0-9a-f-]{36}$/],
  ['5', /^5\.[0-9a-f]{16}\.[0-9a-f-]{36}$/],
  ['registrationId', /^id-registrationid\.[0-9a-f-]{36}$/],
] as const)('sends operation IDs of form %s (field report 21)', async (form, pattern) => {
  await exchange(`id-${form}`.toLowerCase());
  const poll = await dps.requests.seen({ kind: 'poll', clientId: `id-${form}`.toLowerCase(), answer: 200 });
  expect(poll.operationId).toMatch(pattern);
});

it('is slow at each packet', async () => {
  const since = performance.now();
  expect(await exchange('slow')).toEqual(upTo(accepted, '200/?$rid=2 assigned'));
  expect(performance.now() - since).toBeGreaterThan(4 * 120);
});

/** Goes as far as the responses allow, and returns what was received, a line a packet. */
async function exchange(registrationId: string): Promise<readonly string[]> {
  const client = await rawMqttOverTls({ port: dps.mqttsPort, ca: authority.caPem });
  let wasReset = false;
  client.socket.on('error', () => {
    wasReset = true;
  });
  const lines: string[] = [];
  const ask = async (packet: Packet): Promise<Packet | undefined> => {
    const reactions = await reactionsTo(client, registrationId, packet);
    lines.push(...reactions.map((reaction) => (reaction === 'closed' && wasReset ? 'reset' : lineOf(reaction))));
    return reactions.findLast((reaction) => typeof reaction !== 'string');
  };
  try {
    const key = deviceKeyOf(Buffer.from(groupKey, 'base64'), registrationId).toString('base64');
    const connack = await ask(connectPacket(registrationId, registrationToken(registrationId, key)));
    if (connack?.cmd !== 'connack' || connack.returnCode !== 0 || lines.length > 1) return lines;
    const suback = await ask({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: '$dps/registrations/res/#', qos: 1 }],
    });
    if (suback?.cmd !== 'suback' || suback.granted[0] !== 1 || lines.length > 2) return lines;
    let reaction = await ask(
      publish('$dps/registrations/PUT/iotdps-register/?$rid=1', JSON.stringify({ registrationId })),
    );
    for (let poll = 0; poll < maxPolls; poll += 1) {
      const operationId = operationToQuery(reaction);
      if (operationId === undefined || ends.has(lines.at(-1) ?? '')) break;
      reaction = await ask(
        publish(`$dps/registrations/GET/iotdps-get-operationstatus/?$rid=${poll + 2}&operationId=${operationId}`, ''),
      );
    }
    return lines;
  } finally {
    client.end();
  }
}

type Reaction = Packet | 'closed' | 'silence' | 'garbage';

/** Packets are handled in their order, so that a PINGRESP marks the end of what was sent before it. */
async function reactionsTo(
  client: RawMqttClient,
  registrationId: string,
  packet: Packet,
): Promise<readonly Reaction[]> {
  const injected = new AbortController();
  const unanswered = (note: 'silent' | 'garbage') =>
    dps.requests.seen({ clientId: registrationId, note }, injected.signal).then(
      () => (note === 'silent' ? ('silence' as const) : ('garbage' as const)),
      () => 'closed' as const,
    );
  const silence = unanswered('silent');
  const garbage = unanswered('garbage');
  client.send(packet);
  client.send({ cmd: 'pingreq' });
  const reactions: Reaction[] = [];
  while (true) {
    const reaction = await Promise.race([client.next(), silence, garbage]);
    if (reaction === 'garbage') expect(await client.next()).toBe('closed');
    if (typeof reaction !== 'string' && reaction.cmd === 'pingresp') break;
    reactions.push(reaction);
    if (typeof reaction === 'string') break;
  }
  injected.abort();
  return reactions;
}

function publish(topic: string, payload: string): Packet {
  return { cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false };
}

function operationToQuery(reaction: Packet | undefined): string | undefined {
  if (reaction?.cmd !== 'publish' || !reaction.topic.includes('/202/') || reaction.topic.includes('foreign'))
    return undefined;
  try {
    const { operationId } = JSON.parse(String(reaction.payload));
    return typeof operationId === 'string' ? operationId : undefined;
  } catch {
    return undefined;
  }
}

function lineOf(reaction: Reaction): string {
  if (typeof reaction === 'string') return reaction;
  switch (reaction.cmd) {
    case 'connack':
      return `connack ${reaction.returnCode}`;
    case 'suback':
      return `suback ${reaction.granted[0]}`;
    case 'publish':
      return `${reaction.qos === 0 ? 'at QoS 0: ' : ''}${reaction.topic.replace('$dps/registrations/res/', '')} ${summaryOf(String(reaction.payload))}`;
    default:
      return reaction.cmd;
  }
}

function summaryOf(payload: string): string {
  if (payload.length > 1_000_000) return '1000000 bytes and more';
  let body: unknown;
  try {
    body = JSON.parse(payload);
  } catch {
    return JSON.stringify(payload);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return payload;
  const {
    errorCode,
    status,
    operationId,
    registrationState: state,
    timestampUtc,
  } = body as Record<string, unknown> & {
    registrationState?: { assignedHub?: string; errorCode?: number; errorMessage?: string };
  };
  if (timestampUtc !== undefined) return errorCode === undefined ? 'without errorCode' : `errorCode ${errorCode}`;
  const to = state?.assignedHub === 'dps-stand-in.azure-devices.net' ? '' : ` to ${state?.assignedHub ?? 'nobody'}`;
  const ended = String(status) === 'assigned' && typeof operationId === 'string' ? to : '';
  const failure = state?.errorCode === undefined ? '' : ` ${state.errorCode} ${state.errorMessage}`;
  const old = Object.hasOwn(body, 'registrationStatus') ? ' in registrationStatus' : '';
  return `${status}${old}${ended}${failure}${typeof operationId === 'string' && operationId !== '' ? '' : ' without operationId'}`;
}
