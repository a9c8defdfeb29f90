import { createServer } from 'node:net';
import mqtt from 'mqtt';
import type { Packet } from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalAuthority } from '../../../src/emulator/certificates.ts';
import { type RunningDps, startDps } from '../../../src/emulator/dps/startDps.ts';
import { openResources } from '../../support/openResources.ts';
import { connectPacket, isPublish, rawMqttOverTls } from '../../support/rawMqttClient.ts';
import { registrationToken } from '../../support/sasToken.ts';

const authority = await createLocalAuthority();
const certificate = await authority.issueServer();
const key = Buffer.from('key').toString('base64');
const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: key } } as const;
const configuration = { retryAfterSeconds: 0, individualEnrollments: [{ registrationId: 'one', attestation }] };

/** Sockets and servers that this process holds open. */
function openTcp(): number {
  const { TCPServerWrap = 0, TCPSocketWrap = 0 } = openResources();
  return TCPServerWrap + TCPSocketWrap;
}

function clientOf(dps: RunningDps, transport: 'mqtt' | 'mqtt-ws'): mqtt.MqttClient {
  const url =
    transport === 'mqtt' ? `mqtts://localhost:${dps.mqttsPort}` : `wss://localhost:${dps.wssPort}/$iothub/websocket`;
  return mqtt.connect(url, {
    ca: authority.caPem,
    protocolVersion: 4,
    reconnectPeriod: 0,
    clientId: 'one',
    username: '0neLOCAL/registrations/one/api-version=2019-03-31',
    password: registrationToken('one', key),
  });
}

describe('requests', () => {
  let dps: RunningDps;
  beforeAll(async () => {
    dps = await startDps({ certificate, configuration });
  });
  afterAll(() => dps.close());

  it.each(['mqtt', 'mqtt-ws'] as const)('show what a device did over %s, in order', async (transport) => {
    const closed = dps.requests.next({ kind: 'close', transport });
    const client = clientOf(dps, transport);
    const responses: { topic: string; body: { operationId: string } }[] = [];
    const finished = new Promise<void>((resolve) => {
      client.on('message', (topic, payload) => {
        responses.push({ topic, body: JSON.parse(String(payload)) });
        if (topic.includes('/200/')) resolve();
        else
          client.publish(
            `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=${responses[0]?.body.operationId}`,
            '',
          );
      });
    });
    await new Promise((resolve) => client.once('connect', resolve));
    await client.subscribeAsync('$dps/registrations/res/#', { qos: 1 });
    client.publish('$dps/registrations/PUT/iotdps-register/?$rid=1', '{"registrationId":"one"}', { qos: 1 });
    await finished;
    await client.endAsync();
    await closed;

    const seen = dps.requests.of('one').filter((request) => request.transport === transport);
    expect(seen.filter(({ kind }) => kind !== 'puback').map(({ kind, answer, rid }) => [kind, answer, rid])).toEqual([
      ['connect', 0, undefined],
      ['subscribe', 1, undefined],
      ['register', 202, '1'],
      ['poll', 200, '2'],
      ['disconnect', undefined, undefined],
      ['close', undefined, undefined],
    ]);
    expect(seen.filter(({ kind }) => kind === 'puback')).toHaveLength(2);
    expect(seen.at(-1)?.unacknowledged).toBe(0);
  });

  it('can be awaited, until a signal aborts', async () => {
    const never = dps.requests.seen({ clientId: 'nobody' }, AbortSignal.timeout(20));
    await expect(never).rejects.toThrow('no request like {"clientId":"nobody"} was recorded');
  });
});

describe('a packet that MQTT 3.1.1 forbids', () => {
  it.each([
    ['a SUBSCRIBE without a filter', Buffer.from([0x82, 2, 0, 1])], // [MQTT-3.8.3-3]
    ['an UNSUBSCRIBE without a filter', Buffer.from([0xa2, 2, 0, 1])], // [MQTT-3.10.3-2]
  ])('%s closes only its own connection', async (_, bytes) => {
    const dps = await startDps({ certificate, configuration });
    const sender = await rawMqttOverTls({ port: dps.mqttsPort, ca: authority.caPem });
    sender.send(connectPacket('one', registrationToken('one', key)));
    expect(await sender.next()).toMatchObject({ cmd: 'connack', returnCode: 0 });
    sender.sendBytes(bytes);
    expect(await sender.rest()).toEqual([]);

    const other = await rawMqttOverTls({ port: dps.mqttsPort, ca: authority.caPem });
    other.send(connectPacket('one', registrationToken('one', key)));
    expect(await other.next()).toMatchObject({ cmd: 'connack', returnCode: 0 });
    other.end();
    await dps.close();
  });
});

describe('refuseAt "connect"', () => {
  it.each([
    ['a wrong key', registrationToken('one', Buffer.from('x').toString('base64'))],
    ['an expired token', registrationToken('one', key, { expiresInSeconds: -1 })],
    ['a password that is not a token', 'secret'],
  ])('refuses %s at CONNACK', async (_, password) => {
    const dps = await startDps({ certificate, configuration: { ...configuration, refuseAt: 'connect' } });
    const client = await rawMqttOverTls({ port: dps.mqttsPort, ca: authority.caPem });
    client.send(connectPacket('one', password));
    const [connack] = await client.rest();
    expect(connack).toMatchObject({ cmd: 'connack', returnCode: 5 });
    await dps.close();
  });
});

describe('the other forms of refusal, field report 4', () => {
  const wrong = registrationToken('one', Buffer.from('x').toString('base64'));
  const registered = async (refuseAt: 'close' | 'failed') => {
    const dps = await startDps({ certificate, configuration: { ...configuration, refuseAt } });
    const client = await rawMqttOverTls({ port: dps.mqttsPort, ca: authority.caPem });
    const exchange = async (packet: Packet) => {
      client.send(packet);
      return client.next();
    };
    const publish = (topic: string, payload: string) =>
      exchange({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false });
    expect(await exchange(connectPacket('one', wrong))).toMatchObject({ returnCode: 0 });
    const filter = { topic: '$dps/registrations/res/#', qos: 1 } as const;
    await exchange({ cmd: 'subscribe', messageId: 1, subscriptions: [filter] });
    const response = await publish('$dps/registrations/PUT/iotdps-register/?$rid=1', '{"registrationId":"one"}');
    return { dps, response, publish };
  };

  it('refuseAt "close" closes the connection after the register message, without a response', async () => {
    const { dps, response } = await registered('close');
    expect(response).toBe('closed');
    expect(dps.requests.of('one').find(({ kind }) => kind === 'register')?.note).toBe(
      'the signature was made with another key',
    );
    await dps.close();
  });

  it('refuseAt "failed" accepts the registration and finishes it with status failed', async () => {
    const { dps, response, publish } = await registered('failed');
    const { operationId } = JSON.parse(isPublish(response) ? response.payload.toString() : 'null');
    const finished = await publish(
      `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=${operationId}`,
      '',
    );
    expect(isPublish(finished) && finished.topic).toBe('$dps/registrations/res/200/?$rid=2');
    expect(JSON.parse(isPublish(finished) ? finished.payload.toString() : 'null')).toMatchObject({
      status: 'failed',
      registrationState: { errorCode: 401000, errorMessage: 'Unauthorized.' },
    });
    await dps.close();
  });
});

describe('close', () => {
  it('leaves nothing open, in any state of its devices', async () => {
    const dps = await startDps({
      certificate,
      configuration: { ...configuration, faults: { one: { kind: 'slow', delayMs: 60_000, at: 'subscribe' } } },
    });
    const handshakeOnly = await rawMqttOverTls({ port: dps.mqttsPort, ca: authority.caPem });
    const waiting = await rawMqttOverTls({ port: dps.mqttsPort, ca: authority.caPem });
    waiting.send(connectPacket('one', registrationToken('one', key), { keepalive: 60 }));
    await waiting.next();
    waiting.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$dps/registrations/res/#', qos: 1 }] });
    expect(dps.connections()).toBe(2);
    await dps.close();
    expect([await handshakeOnly.next(), await waiting.next()]).toEqual(['closed', 'closed']);
    expect(dps.connections()).toBe(0);
    await expect.poll(openTcp).toBe(0);
  });
});

describe('startDps', () => {
  it('rejects with every error of an invalid configuration', async () => {
    const bad = { idScope: 'a b', retryAfterSeconds: -1 };
    await expect(startDps({ certificate, configuration: bad })).rejects.toThrow(/idScope: .*\nretryAfterSeconds: /);
  });

  it('rejects when a port is in use, and closes the other', async () => {
    const occupied = createServer();
    await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve));
    const address = occupied.address();
    const wssPort = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startDps({ certificate, configuration, wssPort })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await new Promise((resolve) => occupied.close(resolve));
    await expect.poll(openTcp).toBe(0);
  });
});
