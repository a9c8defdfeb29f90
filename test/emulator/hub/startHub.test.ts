import { X509Certificate } from 'node:crypto';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalAuthority } from '../../../src/emulator/certificates.ts';
import { createDeviceRegistry } from '../../../src/emulator/deviceRegistry.ts';
import { type RunningHub, startHub } from '../../../src/emulator/hub/startHub.ts';
import { isPublish, type RawMqttClient, rawMqttOverTls } from '../../support/rawMqttClient.ts';
import { sasToken } from '../../support/sasToken.ts';

const authority = await createLocalAuthority();
const fleet = await createLocalAuthority('fleet');
const key = Buffer.from('key').toString('base64');
const hubName = 'hub-a.azure-devices.net';
const faulty = {
  refused: { kind: 'refuseConnect', returnCode: 3 },
  mute: { kind: 'silent', at: 'telemetry' },
  leaving: { kind: 'close', at: 'telemetry' },
  unacknowledged: { kind: 'noPuback' },
  unsubscribed: { kind: 'subscriptionRefused' },
  twinless: { kind: 'twinStatus', status: 500 },
} as const;

let hub: RunningHub;

beforeAll(async () => {
  const registry = createDeviceRegistry();
  for (const deviceId of ['dev-1', 'dev-2', ...Object.keys(faulty)]) {
    registry.put({ hub: hubName, deviceId, credential: { kind: 'symmetricKey', keys: [Buffer.from('key')] } });
  }
  const trust = { kind: 'authorities', accepted: [new X509Certificate(fleet.caPem)] } as const;
  registry.put({ hub: hubName, deviceId: 'dev-x', credential: { kind: 'x509', trust, registrationId: 'reg-x' } });
  hub = await startHub({ certificate: await authority.issueServer(), registry, faults: faulty });
});

afterAll(() => hub.close());

const tokenOf = (deviceId: string, host = hubName, withKey = key) =>
  sasToken({ resource: `${host}/devices/${deviceId}`, key: withKey, skn: undefined });

interface Login {
  readonly username?: string;
  readonly password?: string | undefined;
  readonly certificate?: { readonly cert: string; readonly key: string };
}

async function connect(deviceId: string, login: Login = {}): Promise<{ client: RawMqttClient; returnCode: unknown }> {
  const { username = `${hubName}/${deviceId}/?api-version=2021-04-12`, certificate = {} } = login;
  const password = 'password' in login ? login.password : tokenOf(deviceId);
  const client = await rawMqttOverTls({ port: hub.port, ca: authority.caPem, ...certificate });
  client.send({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: false,
    keepalive: 0,
    clientId: deviceId,
    username,
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
  });
  const connack = await client.next();
  return { client, returnCode: connack === 'closed' || connack.cmd !== 'connack' ? connack : connack.returnCode };
}

describe('CONNECT at the hub', () => {
  it.each<[string, number, string, Login]>([
    ['a device that was assigned', 0, 'dev-1', {}],
    [
      'with the SDKs’ user name',
      0,
      'dev-1',
      { username: `${hubName}/dev-1/?api-version=2021-04-12&DeviceClientType=my%20sdk` },
    ],
    [
      'with a port in the hub’s name',
      0,
      'dev-1',
      { username: `${hubName}:99/dev-1/?api-version=2021-04-12`, password: tokenOf('dev-1', `${hubName}:99`) },
    ],
    ['a device that was never assigned', 5, 'stranger', {}],
    [
      'a device of another hub',
      5,
      'dev-1',
      {
        username: 'hub-b.azure-devices.net/dev-1/?api-version=2021-04-12',
        password: tokenOf('dev-1', 'hub-b.azure-devices.net'),
      },
    ],
    ['with another key', 5, 'dev-1', { password: tokenOf('dev-1', hubName, Buffer.from('x').toString('base64')) }],
    ['with the token of another device', 5, 'dev-1', { password: tokenOf('dev-2') }],
    ['without a credential', 5, 'dev-1', { password: undefined }],
    ['with a DPS user name', 4, 'dev-1', { username: '0neLOCAL/registrations/dev-1/api-version=2019-03-31' }],
    ['with the user name of another device', 4, 'dev-1', { username: `${hubName}/dev-2/?api-version=2021-04-12` }],
  ])('%s gets %i', async (_, expected, deviceId, login) => {
    const { client, returnCode } = await connect(deviceId, login);
    expect(returnCode).toBe(expected);
    client.end();
  });

  it('accepts the certificate that DPS accepted', async () => {
    const { client, returnCode } = await connect('dev-x', {
      password: undefined,
      certificate: await fleet.issueClient({ commonName: 'reg-x' }),
    });
    expect(returnCode).toBe(0);
    client.end();
  });

  it('refuses a certificate of the same fleet with another name', async () => {
    const { client, returnCode } = await connect('dev-x', {
      password: undefined,
      certificate: await fleet.issueClient({ commonName: 'reg-y' }),
    });
    expect(returnCode).toBe(5);
    client.end();
  });

  it('closes the previous connection of the same device', async () => {
    const first = await connect('dev-2');
    const second = await connect('dev-2');
    expect(await first.client.next()).toBe('closed');
    expect(second.returnCode).toBe(0);
    second.client.end();
  });

  it('works over WebSocket on the same port', async () => {
    const client = await mqtt.connectAsync(`wss://localhost:${hub.port}/$iothub/websocket`, {
      ca: authority.caPem,
      protocolVersion: 4,
      reconnectPeriod: 0,
      clientId: 'dev-1',
      username: `${hubName}/dev-1/?api-version=2021-04-12`,
      password: tokenOf('dev-1'),
    });
    await client.publishAsync('devices/dev-1/messages/events/', 'over WebSocket', { qos: 1 });
    expect(await hub.requests.seen({ kind: 'telemetry', transport: 'mqtt-ws' })).toMatchObject({
      body: 'over WebSocket',
    });
    await client.endAsync();
  });
});

const telemetry = (deviceId: string) => ({
  cmd: 'publish' as const,
  topic: `devices/${deviceId}/messages/events/kind=synthetic`,
  payload: '{}',
  qos: 1 as const,
  messageId: 9,
  dup: false,
  retain: false,
});

const getTwin = {
  cmd: 'publish',
  topic: '$iothub/twin/GET/?$rid=5',
  payload: '',
  qos: 0,
  dup: false,
  retain: false,
} as const;
const subscribeTwin = {
  cmd: 'subscribe',
  messageId: 1,
  subscriptions: [{ topic: '$iothub/twin/res/#', qos: 0 }],
} as const;

async function twinOf(deviceId: string): Promise<unknown> {
  const { client } = await connect(deviceId);
  client.send({ ...subscribeTwin, subscriptions: [...subscribeTwin.subscriptions] });
  await client.next();
  client.send(getTwin);
  const reply = await client.next();
  client.end();
  return isPublish(reply) ? reply.topic : reply;
}

describe('a connected device', () => {
  it('has its telemetry acknowledged', async () => {
    const { client } = await connect('dev-1');
    client.send(telemetry('dev-1'));
    expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 9 });
    expect(
      await hub.requests.seen({ kind: 'telemetry', clientId: 'dev-1', topic: telemetry('dev-1').topic }),
    ).toMatchObject({ body: '{}' });
    client.end();
  });

  it('reads its twin, reports to it and reads again', async () => {
    const { client } = await connect('dev-1');
    client.send({ ...subscribeTwin, subscriptions: [...subscribeTwin.subscriptions] });
    expect(await client.next()).toMatchObject({ cmd: 'suback', granted: [0] });
    client.send({ ...getTwin, topic: '$iothub/twin/PATCH/properties/reported/?$rid=4', payload: '{"a":1,"b":null}' });
    expect(await client.next()).toMatchObject({ topic: '$iothub/twin/res/204/?$rid=4&$version=2' });
    client.send(getTwin);
    const reply = await client.next();
    expect(isPublish(reply) && [reply.topic, JSON.parse(String(reply.payload))]).toEqual([
      '$iothub/twin/res/200/?$rid=5',
      { desired: { $version: 1 }, reported: { a: 1, $version: 2 } },
    ]);
    client.end();
  });

  it.each(['#', 'devices/dev-2/messages/devicebound/#', '$dps/registrations/res/#'])(
    'may not subscribe to %s',
    async (topic) => {
      const { client } = await connect('dev-1');
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] });
      expect(await client.next()).toMatchObject({ cmd: 'suback', granted: [0x80] });
      client.end();
    },
  );

  it.each(['devices/dev-2/messages/events/', '$iothub/twin/res/200/?$rid=1', 'anything'])(
    'may not publish to %s',
    async (topic) => {
      const { client } = await connect('dev-1');
      client.send({ ...telemetry('dev-1'), topic });
      expect(await client.next()).toBe('closed');
    },
  );
});

describe('a fault of the hub', () => {
  it('refuseConnect responds to CONNECT with its code', async () => {
    expect((await connect('refused')).returnCode).toBe(3);
  });

  it.each(['mute', 'unacknowledged'])('%s leaves telemetry unacknowledged', async (deviceId) => {
    const { client } = await connect(deviceId);
    client.send(telemetry(deviceId));
    await hub.requests.seen({ kind: 'telemetry', clientId: deviceId });
    client.send({ cmd: 'disconnect' });
    expect(await client.rest()).toEqual([]);
  });

  it('close closes the connection at telemetry', async () => {
    const { client } = await connect('leaving');
    client.send(telemetry('leaving'));
    expect(await client.rest()).toEqual([]);
  });

  it('subscriptionRefused refuses the twin’s filter', async () => {
    const { client } = await connect('unsubscribed');
    client.send({ ...subscribeTwin, subscriptions: [...subscribeTwin.subscriptions] });
    expect(await client.next()).toMatchObject({ granted: [0x80] });
    client.end();
  });

  it('twinStatus responds with its status', async () => {
    expect(await twinOf('twinless')).toBe('$iothub/twin/res/500/?$rid=5');
  });
});
