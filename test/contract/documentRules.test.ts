/**
 * What the document ("Communicate with your DPS using the MQTT protocol") forbids, done all the same by a client that speaks raw
 * packets, and what the stand-in makes of it.
 */
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import type { Packet } from 'mqtt-packet';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { createLocalAuthority } from '../../src/local/certificates.ts';
import { type RunningDps, startDps } from '../../src/local/dps/startDps.ts';
import {
  connectPacket,
  isConnack,
  isPublish,
  isSuback,
  type RawMqttClient,
  rawMqttOverTcp,
  rawMqttOverTls,
} from '../support/rawMqttClient.ts';
import { registrationToken } from '../support/sasToken.ts';

const authority = await createLocalAuthority();
const key = Buffer.from('key of one').toString('base64');
const filter = '$dps/registrations/res/#';
const registerTopic = '$dps/registrations/PUT/iotdps-register/?$rid=1';
const body = JSON.stringify({ registrationId: 'one' });

let dps: RunningDps;
const clients: RawMqttClient[] = [];

beforeAll(async () => {
  dps = await startDps({
    certificate: await authority.issueServer(),
    configuration: {
      retryAfterSeconds: 3,
      individualEnrollments: [
        { registrationId: 'one', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: key } } },
      ],
    },
  });
});

afterAll(() => dps.close());
afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});

async function open(): Promise<RawMqttClient> {
  const client = await rawMqttOverTls({ port: dps.mqttsPort, ca: authority.caPem });
  clients.push(client);
  return client;
}

async function connected(): Promise<RawMqttClient> {
  const client = await open();
  client.send(connectPacket('one', registrationToken('one', key)));
  expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 0, sessionPresent: false });
  return client;
}

async function subscribed(qos: 0 | 1 | 2 = 1): Promise<RawMqttClient> {
  const client = await connected();
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos }] });
  expect((await client.next()) as Packet).toMatchObject({ cmd: 'suback' });
  return client;
}

function publish(client: RawMqttClient, topic: string, payload: string, qos: 0 | 1 | 2 = 0): void {
  client.send({ cmd: 'publish', topic, payload, qos, messageId: 7, dup: false, retain: false });
}

describe('CONNECT', () => {
  const token = registrationToken('one', key);
  const username = '0neLOCAL/registrations/one/api-version=2019-03-31';
  it.each([
    ['CleanSession 0', connectPacket('one', token, { clean: false }), 5],
    ['MQTT 3.1', connectPacket('one', token, { protocolId: 'MQIsdp', protocolVersion: 3 }), 1],
    ['MQTT 5', connectPacket('one', token, { protocolVersion: 5 }), 1],
    ['another ClientID than the username names', connectPacket('two', token, { username }), 2],
    ['a ClientID that is no registrationId', connectPacket('-one-', token), 2],
    ['no username', connectPacket('one', token, { username: '' }), 4],
    ['a username without api-version', connectPacket('one', token, { username: '0neLOCAL/registrations/one' }), 4],
    [
      'an api-version that does not exist',
      connectPacket('one', token, { username: username.replace('2019', '1999') }),
      4,
    ],
    ['neither password nor certificate', connectPacket('one', undefined), 5],
  ])('with %s is refused and the connection closed', async (_, packet, returnCode) => {
    const client = await open();
    client.send(packet);
    const [connack] = await client.rest();
    expect(connack).toMatchObject({ cmd: 'connack', returnCode, sessionPresent: false });
  });

  it('takes the newer api-versions and the SDKs’ ClientVersion', async () => {
    for (const version of ['2021-06-01', '2021-10-01&ClientVersion=my%20device%2F1.0']) {
      const client = await open();
      client.send(connectPacket('one', token, { username: `0neLOCAL/registrations/one/api-version=${version}` }));
      expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 0 });
    }
  });

  it('with an unknown protocol level is answered 1', async () => {
    const client = await open();
    client.sendBytes(Buffer.from('100c00044d5154540902003c0000', 'hex'));
    const [connack] = await client.rest();
    expect(connack).toMatchObject({ cmd: 'connack', returnCode: 1 });
  });

  it('sent twice closes the connection', async () => {
    const client = await connected();
    client.send(connectPacket('one', token));
    expect(await client.next()).toBe('closed');
  });

  it('must come first', async () => {
    const client = await open();
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos: 1 }] });
    expect(await client.next()).toBe('closed');
  });

  it('with bytes that are no MQTT closes the connection', async () => {
    const client = await open();
    client.sendBytes(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(await client.next()).toBe('closed');
  });
});

describe('SUBSCRIBE', () => {
  it.each([
    [0, 0],
    [1, 1],
    [2, 1],
  ] as const)('at QoS %i is granted QoS %i', async (qos, granted) => {
    const client = await connected();
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos }] });
    expect(await client.next()).toMatchObject({ cmd: 'suback', granted: [granted] });
  });

  it.each(['#', '$dps/#', '$dps/registrations/res/+', '$dps/registrations/res/202/?$rid=1', 'telemetry'])(
    'to %s is refused with 0x80',
    async (topic) => {
      const client = await connected();
      client.send({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [
          { topic, qos: 1 },
          { topic: filter, qos: 1 },
        ],
      });
      const suback = await client.next();
      expect(isSuback(suback) && suback.granted).toEqual([0x80, 1]);
    },
  );

  it('can be taken back, and the answers stop', async () => {
    const client = await subscribed();
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [filter] });
    expect(await client.next()).toMatchObject({ cmd: 'unsuback', messageId: 2 });
    publish(client, registerTopic, body);
    expect(await client.next()).toBe('closed');
  });
});

describe('PUBLISH', () => {
  it('to register is answered 202 with retry-after, the status query 200', async () => {
    const client = await subscribed();
    publish(client, registerTopic, body, 1);
    expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
    const accepted = await client.next();
    expect(isPublish(accepted) && accepted.topic).toBe('$dps/registrations/res/202/?$rid=1&retry-after=3');
    const { operationId } = JSON.parse(String(isPublish(accepted) && accepted.payload));
    expect(operationId).toMatch(/^4\.[0-9a-f]{16}\.[0-9a-f-]{36}$/);
    publish(client, `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=${operationId}`, '');
    const finished = await client.next();
    expect(isPublish(finished) && finished.topic).toBe('$dps/registrations/res/200/?$rid=2');
    expect(JSON.parse(String(isPublish(finished) && finished.payload))).toMatchObject({
      operationId,
      status: 'assigned',
      registrationState: { registrationId: 'one', deviceId: 'one', substatus: 'initialAssignment' },
    });
  });

  it.each([
    [0, 0],
    [1, 1],
    [2, 1],
  ] as const)('is answered at QoS %i to a subscription at QoS %i, at most 1', async (qos, delivered) => {
    const client = await subscribed(qos);
    publish(client, registerTopic, body);
    expect(await client.next()).toMatchObject({ cmd: 'publish', qos: delivered });
  });

  it.each([
    ['before any subscription', connected, registerTopic, 0],
    ['to a topic of one’s own', subscribed, 'telemetry/one', 0],
    ['to the response topic', subscribed, '$dps/registrations/res/200/?$rid=1', 0],
    ['to register without $rid', subscribed, '$dps/registrations/PUT/iotdps-register/', 0],
    ['to query without operationId', subscribed, '$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2', 0],
    ['at QoS 2', subscribed, registerTopic, 2],
  ] as const)('%s closes the connection', async (_, prepare, topic, qos) => {
    const client = await prepare();
    publish(client, topic, body, qos);
    expect(await client.next()).toBe('closed');
  });

  it.each([
    ['no JSON', 'hello', 400],
    ['an array', '[]', 400],
    ['no registrationId', '{}', 400],
    ['another registrationId', '{"registrationId":"two"}', 400],
    ['TPM attestation, which MQTT does not offer', '{"registrationId":"one","tpm":{}}', 400],
  ])('of a body with %s is answered with an error body', async (_, payload, status) => {
    const client = await subscribed();
    publish(client, registerTopic, payload);
    const answer = await client.next();
    expect(isPublish(answer) && answer.topic).toBe(`$dps/registrations/res/${status}/?$rid=1`);
    expect(JSON.parse(String(isPublish(answer) && answer.payload))).toMatchObject({
      errorCode: 400000,
      trackingId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      timestampUtc: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/),
    });
  });

  it('of an operation that does not exist is answered 404', async () => {
    const client = await subscribed();
    publish(client, '$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=4.none', '');
    const answer = await client.next();
    expect(isPublish(answer) && answer.topic).toBe('$dps/registrations/res/404/?$rid=2');
  });
});

describe('the connection', () => {
  it('answers PINGREQ and ends at DISCONNECT', async () => {
    const client = await connected();
    client.send({ cmd: 'pingreq' });
    expect(await client.next()).toMatchObject({ cmd: 'pingresp' });
    client.send({ cmd: 'disconnect' });
    expect(await client.next()).toBe('closed');
  });

  it('is closed when nothing is heard for one and a half times the keep alive', async () => {
    const client = await open();
    client.send(connectPacket('one', registrationToken('one', key), { keepalive: 1 }));
    expect(isConnack(await client.next())).toBe(true);
    const since = performance.now();
    expect(await client.next()).toBe('closed');
    expect(performance.now() - since).toBeGreaterThan(1400);
  });

  it('tells when a device did not acknowledge a delivery', async () => {
    const client = await subscribed();
    publish(client, registerTopic, body);
    await client.next();
    const closed = dps.requests.next({ kind: 'close', clientId: 'one' });
    client.end();
    expect((await closed).unacknowledged).toBe(1);
  });

  it('is not offered without TLS', async () => {
    const client = await rawMqttOverTcp(dps.mqttsPort);
    client.send(connectPacket('one', registrationToken('one', key)));
    expect(await client.rest()).toEqual([]);
  });

  it.each([
    ['mqttsPort', 'TLSv1.1'],
    ['wssPort', 'TLSv1.1'],
  ] as const)('on %s is refused with %s', async (port, version) => {
    const socket = connectTls({
      port: dps[port],
      host: 'localhost',
      ca: authority.caPem,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(once(socket, 'secureConnect')).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  });
});

describe('a device certificate', () => {
  it('is judged with its whole chain each time, as no TLS session is resumed', async () => {
    const fleet = await createLocalAuthority('fleet');
    const leaf = await fleet.issueClient({ commonName: 'leaf-1' });
    const signingCertificates = { primary: { certificate: fleet.caPem } };
    const certified = await startDps({
      certificate: await authority.issueServer(),
      configuration: {
        refuseAt: 'connect',
        enrollmentGroups: [
          { enrollmentGroupId: 'fleet', attestation: { type: 'x509', x509: { signingCertificates } } },
        ],
      },
    });
    let session: Buffer | undefined;
    for (const attempt of ['first', 'second']) {
      const target = {
        port: certified.mqttsPort,
        ca: authority.caPem,
        ...leaf,
        ...(session === undefined ? {} : { session }),
      };
      const client = await rawMqttOverTls(target);
      client.socket.on('session', (ticket: Buffer) => {
        session = ticket;
      });
      client.send(connectPacket('leaf-1', undefined));
      expect(await client.next(), attempt).toMatchObject({ cmd: 'connack', returnCode: 0 });
      client.end();
    }
    await certified.close();
  });
});

describe('the WebSocket', () => {
  const open = (path: string, subprotocols: string[]) =>
    new WebSocket(`wss://localhost:${dps.wssPort}${path}`, subprotocols, { ca: authority.caPem });

  it('agrees on the subprotocol mqtt', async () => {
    const socket = open('/$iothub/websocket', ['amqp', 'mqtt']);
    await once(socket, 'open');
    expect(socket.protocol).toBe('mqtt');
    socket.terminate();
  });

  it.each([
    ['without the subprotocol mqtt', '/$iothub/websocket', ['amqp'], 400],
    ['on another path', '/mqtt', ['mqtt'], 404],
    ['on a path that is none', '//', ['mqtt'], 404],
  ])('is not opened %s', async (_, path, subprotocols, status) => {
    const socket = open(path, subprotocols);
    await expect(once(socket, 'open')).rejects.toThrow(`Unexpected server response: ${status}`);
  });

  it('is closed when a text frame comes', async () => {
    const socket = open('/$iothub/websocket', ['mqtt']);
    await once(socket, 'open');
    socket.send('hello');
    const [code] = await once(socket, 'close');
    expect(code).toBe(1003);
  });
});
