/**
 * What the document ("Communicate with your DPS using the MQTT protocol") forbids, sent by a client of raw packets,
 * and how the stand-in responds: CONNECT, TLS and the WebSocket.
 */
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { documentDps, publish, responseFilter, token } from '../support/documentDps.ts';
import { connectPacket, isConnack, rawMqttOverTcp } from '../support/rawMqttClient.ts';

const { authority, dps, open, connected, subscribed } = await documentDps();
const registerTopic = '$dps/registrations/PUT/iotdps-register/?$rid=1';
const body = JSON.stringify({ registrationId: 'one' });

describe('CONNECT', () => {
  const username = '0neLOCAL/registrations/one/api-version=2019-03-31';
  it.each([
    ['MQTT 3.1', connectPacket('one', token, { protocolId: 'MQIsdp', protocolVersion: 3 }), 1],
    ['MQTT 5', connectPacket('one', token, { protocolVersion: 5 }), 1],
    ['another ClientID than the username names', connectPacket('two', token, { username }), 2],
    ['a ClientID that is not a registrationId', connectPacket('-one-', token), 2],
    ['no username', connectPacket('one', token, { username: '' }), 4],
    ['a username without api-version', connectPacket('one', token, { username: '0neLOCAL/registrations/one' }), 4],
    ['neither password nor certificate', connectPacket('one', undefined), 5],
  ])('with %s is refused and the connection closed', async (_, packet, returnCode) => {
    const client = await open();
    client.send(packet);
    const [connack] = await client.rest();
    expect(connack).toMatchObject({ cmd: 'connack', returnCode, sessionPresent: false });
  });

  it('accepts the newer api-versions and the SDKs’ ClientVersion', async () => {
    for (const version of ['2021-06-01', '2021-10-01&ClientVersion=my%20device%2F1.0']) {
      const client = await open();
      client.send(connectPacket('one', token, { username: `0neLOCAL/registrations/one/api-version=${version}` }));
      expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 0 });
    }
  });

  it('with an unknown protocol level gets 1', async () => {
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

  it('must be the first packet', async () => {
    const client = await open();
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: responseFilter, qos: 1 }] });
    expect(await client.next()).toBe('closed');
  });

  it('with bytes that are not MQTT closes the connection', async () => {
    const client = await open();
    client.sendBytes(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(await client.next()).toBe('closed');
  });
});

describe('the connection', () => {
  it('responds to PINGREQ and closes at DISCONNECT', async () => {
    const client = await connected();
    client.send({ cmd: 'pingreq' });
    expect(await client.next()).toMatchObject({ cmd: 'pingresp' });
    client.send({ cmd: 'disconnect' });
    expect(await client.next()).toBe('closed');
  });

  it('is closed after one and a half times the keep alive without a packet', async () => {
    const client = await open();
    client.send(connectPacket('one', token, { keepalive: 1 }));
    expect(isConnack(await client.next())).toBe(true);
    const since = performance.now();
    expect(await client.next()).toBe('closed');
    expect(performance.now() - since).toBeGreaterThan(1400);
  });

  it('shows when a device did not acknowledge a delivery', async () => {
    const client = await subscribed();
    publish(client, registerTopic, body);
    await client.next();
    const closed = dps().requests.next({ kind: 'close', clientId: 'one' });
    client.end();
    expect((await closed).unacknowledged).toBe(1);
  });

  it('is not offered without TLS', async () => {
    const client = await rawMqttOverTcp(dps().mqttsPort);
    client.send(connectPacket('one', token));
    expect(await client.rest()).toEqual([]);
  });

  it.each([
    ['mqttsPort', 'TLSv1.1'],
    ['wssPort', 'TLSv1.1'],
  ] as const)('on %s is refused with %s', async (port, version) => {
    const socket = connectTls({
      port: dps()[port],
      host: 'localhost',
      ca: authority.caPem,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(once(socket, 'secureConnect')).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  });
});

describe('the WebSocket', () => {
  const open = (path: string, subprotocols: string[]) =>
    new WebSocket(`wss://localhost:${dps().wssPort}${path}`, subprotocols, { ca: authority.caPem });

  it('agrees on the subprotocol mqtt', async () => {
    const socket = open('/$iothub/websocket', ['amqp', 'mqtt']);
    await once(socket, 'open');
    expect(socket.protocol).toBe('mqtt');
    socket.terminate();
  });

  it.each([
    ['without the subprotocol mqtt', '/$iothub/websocket', ['amqp'], 400],
    ['on another path', '/mqtt', ['mqtt'], 404],
    ['on a path that is not valid', '//', ['mqtt'], 404],
  ])('is not opened %s', async (_, path, subprotocols, status) => {
    const socket = open(path, subprotocols);
    await expect(once(socket, 'open')).rejects.toThrow(`Unexpected server response: ${status}`);
  });

  it('is closed by a text frame', async () => {
    const socket = open('/$iothub/websocket', ['mqtt']);
    await once(socket, 'open');
    socket.send('hello');
    const [code] = await once(socket, 'close');
    expect(code).toBe(1003);
  });
});
