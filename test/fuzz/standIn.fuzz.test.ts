/** For everything that a client can send, the stand-in continues to serve other clients, and closes all resources of this client. */
import { once } from 'node:events';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import { authority, deviceKey, localProbe, registrationId, run, startLocalDps } from '../support/localProbe.ts';
import { connectPacket } from '../support/rawMqttClient.ts';
import { registrationToken } from '../support/sasToken.ts';
import { createTally, fuzzRuns, fuzzTimeoutMs, holdsAlways, printFigures } from './fuzzRuns.ts';

const runs = fuzzRuns(160);
const clientsAtOnce = 8;

let dps: RunningDps;
beforeAll(async () => {
  dps = await startLocalDps();
});
afterAll(() => dps.close());

const token = registrationToken(registrationId, deviceKey);
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const messageId = fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.constant(0));
const text = fc.string({ unit: 'binary', maxLength: 30 });
const rid = fc.oneof(fc.constantFrom('1', '2'), text, fc.constant('r'.repeat(65_400)));
const topic = fc.oneof(
  fc.constantFrom('$dps/registrations/res/#', '$dps/registrations/res/200/?$rid=1', '#', 'a/+/b', 'telemetry'),
  rid.map((id) => `$dps/registrations/PUT/iotdps-register/?$rid=${id}`),
  fc
    .tuple(rid, text)
    .map(([id, operation]) => `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=${id}&operationId=${operation}`),
  text,
);
const payload = fc.oneof(
  fc.constant(JSON.stringify({ registrationId })),
  fc.json(),
  text,
  fc.constant('['.repeat(20_000)),
  fc.constant('x'.repeat(200_000)),
);

const device = connectPacket(registrationId, token, { keepalive: 60 });
const ordinary: Packet = {
  cmd: 'subscribe',
  messageId: 1,
  subscriptions: [{ topic: '$dps/registrations/res/#', qos: 1 }],
};
const packet: fc.Arbitrary<Packet> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Packet>(ordinary) },
  {
    weight: 6,
    arbitrary: fc.record({
      cmd: fc.constant('publish' as const),
      topic,
      payload,
      qos,
      messageId,
      dup: fc.boolean(),
      retain: fc.boolean(),
    }),
  },
  fc.record({
    cmd: fc.constant('subscribe' as const),
    messageId,
    subscriptions: fc.array(fc.record({ topic, qos }), { maxLength: 3 }),
  }),
  fc.record({
    cmd: fc.constant('unsubscribe' as const),
    messageId,
    unsubscriptions: fc.array(topic, { maxLength: 3 }),
  }),
  fc.record({
    cmd: fc.constantFrom('puback' as const, 'pubrec' as const, 'pubrel' as const, 'pubcomp' as const),
    messageId,
  }),
  fc.record({ cmd: fc.constantFrom('pingreq' as const, 'pingresp' as const, 'disconnect' as const) }),
  fc
    .record({
      clientId: text,
      username: fc.oneof(text, fc.constant(String(device.username))),
      clean: fc.boolean(),
      keepalive: fc.integer({ min: 0, max: 65_535 }),
    })
    .map((over) => ({ ...device, ...over })),
);

/** Bytes of a valid packet, of one with a changed byte or one that is cut off, or random bytes. */
const bytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 5, arbitrary: packet.map(encoded) },
  {
    weight: 2,
    arbitrary: fc.tuple(packet.map(encoded), fc.nat(), fc.nat({ max: 255 })).map(([whole, at, byte]) => {
      const changed = Buffer.from(whole);
      if (changed.length > 0) changed[at % changed.length] = byte;
      return changed;
    }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(packet.map(encoded), fc.nat()).map(([whole, at]) => whole.subarray(0, at % (whole.length + 1))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
);
/** Most clients are accepted first, because the packets after that are the interesting part. */
const conversation = fc
  .tuple(fc.boolean(), fc.boolean(), fc.array(bytes, { minLength: 1, maxLength: 8 }))
  .map(([in_, subscribed, rest]) => [
    ...(in_ ? [encoded(device), ...(subscribed ? [encoded(ordinary)] : [])] : []),
    ...rest,
  ]);

/** What mqtt-packet refuses to make is left out. */
function encoded(made: Packet): Uint8Array {
  try {
    return generate(made);
  } catch {
    return Buffer.alloc(0);
  }
}

it.each(['mqtt', 'mqtt-ws'] as const)(
  'survives any packets over %s',
  async (transport) => {
    const send = transport === 'mqtt' ? sendOverTls : sendOverWebSocket;
    const ended = createTally();
    const conversations = fc.array(conversation, { minLength: clientsAtOnce, maxLength: clientsAtOnce });
    const property = fc.asyncProperty(conversations, async (all) => {
      await Promise.all(all.map(send));
      for (const _ of all) ended.count('closed');
      expect(await run(localProbe(dps, { transport }))).toMatchObject({ verdict: 'healthy' });
      await expect.poll(() => dps.connections(), { timeout: 10_000, interval: 5 }).toBe(0);
    });
    await holdsAlways(property, runs / clientsAtOnce);
    printFigures(`stand-in over ${transport}`, ended.figures());
  },
  fuzzTimeoutMs,
);

/** Sends all packets, closes its side, and waits until the stand-in has closed the connection. */
async function sendOverTls(conversation: readonly Uint8Array[]): Promise<void> {
  const socket = connect({ port: dps.mqttsPort, host: 'localhost', ca: authority.caPem });
  socket.on('error', () => {}); // a reset by the stand-in is one of the valid reactions
  await once(socket, 'secureConnect');
  socket.resume();
  const closed = once(socket, 'close');
  for (const part of conversation) socket.write(part);
  socket.end();
  await closed;
}

async function sendOverWebSocket(conversation: readonly Uint8Array[]): Promise<void> {
  const url = `wss://localhost:${dps.wssPort}/$iothub/websocket`;
  const socket = new WebSocket(url, ['mqtt'], { ca: authority.caPem });
  socket.on('error', () => {});
  await once(socket, 'open');
  const closed = once(socket, 'close');
  for (const part of conversation) socket.send(part);
  socket.close();
  await closed;
}
