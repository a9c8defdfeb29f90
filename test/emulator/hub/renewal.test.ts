import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLocalAuthority } from '../../../src/emulator/certificates.ts';
import { createCredentialPolicies } from '../../../src/emulator/credentials/credentialPolicy.ts';
import { createDeviceRegistry } from '../../../src/emulator/deviceRegistry.ts';
import type { HubFault } from '../../../src/emulator/hub/hubFaults.ts';
import { type RunningHub, startHub } from '../../../src/emulator/hub/startHub.ts';
import { makeRequest } from '../../support/certificateRequests.ts';
import { connectPacket, isPublish, isSuback, type RawMqttClient, rawMqttOverTls } from '../../support/rawMqttClient.ts';
import { sasToken } from '../../support/sasToken.ts';

const authority = await createLocalAuthority();
const key = Buffer.from('key').toString('base64');
const hubName = 'hub-a.azure-devices.net';
const policies = await createCredentialPolicies([
  { name: 'at once', validityDays: 30, renewalSeconds: 0 },
  { name: 'later', validityDays: 30, renewalSeconds: 0.3 },
]);
const faults: Record<string, HubFault> = {
  refused: {
    kind: 'renewalRefused',
    status: 400,
    errorCode: 400040,
    message: 'no',
    info: { credentialError: 'X' },
    after202: false,
  },
  'refused-later': { kind: 'renewalRefused', status: 500, message: 'no', info: null, after202: true },
  throttled: { kind: 'renewalThrottled', errorCode: 429003, retryAfterSeconds: 7 },
  pending: { kind: 'renewalNeverFinished', expiresInSeconds: 600 },
  'pending-briefly': { kind: 'renewalNeverFinished', expiresInSeconds: 0 },
  foreign: { kind: 'renewalForeignRid', thenRight: true },
  wrong: { kind: 'renewedCertificate', chain: 'anotherKey' },
  leaving: { kind: 'close', at: 'renewal' },
  mute: { kind: 'silent', at: 'renewal' },
};
const { csr, key: csrKey } = await makeRequest('CN=reg-1');

let hub: RunningHub;
const clients: RawMqttClient[] = [];

beforeAll(async () => {
  const registry = createDeviceRegistry();
  const put = (deviceId: string, policyName: string) => {
    const policy = policies.get(policyName);
    const operational = policy === undefined ? undefined : { policy, registrationId: 'reg-1' };
    const credential = { kind: 'symmetricKey', keys: [Buffer.from('key')] } as const;
    registry.put({ hub: hubName, deviceId, credential, operational });
  };
  for (const deviceId of ['dev-1', ...Object.keys(faults)]) put(deviceId, 'at once');
  for (const deviceId of ['slow-1', 'slow-2', 'slow-3', 'slow-4']) put(deviceId, 'later');
  put('without-policy', 'none');
  hub = await startHub({ certificate: await authority.issueServer(), registry, faults });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});
afterAll(() => hub.close());

async function connect(deviceId: string, { apiVersion = '2025-08-01-preview', subscribe = true } = {}) {
  const client = await rawMqttOverTls({ port: hub.port, ca: authority.caPem });
  clients.push(client);
  const password = sasToken({ resource: `${hubName}/devices/${deviceId}`, key, skn: undefined });
  client.send(connectPacket(deviceId, password, { username: `${hubName}/${deviceId}/?api-version=${apiVersion}` }));
  expect(await client.next()).toMatchObject({ returnCode: 0 });
  if (subscribe) expect(await subscribeTo(client)).toBe(1);
  return client;
}

async function subscribeTo(client: RawMqttClient): Promise<number> {
  const subscriptions = [{ topic: '$iothub/credentials/res/#', qos: 1 as const }];
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions });
  const suback = await client.next();
  return isSuback(suback) ? Number(suback.granted[0]) : -1;
}

function ask(client: RawMqttClient, rid: string, body: unknown): void {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const topic = `$iothub/credentials/POST/issueCertificate/?$rid=${rid}`;
  client.send({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false });
}

interface Response {
  readonly topic: string;
  readonly body: {
    readonly errorCode?: number;
    readonly info?: Record<string, unknown> | null;
    readonly correlationId?: string;
    readonly operationExpires?: string;
    readonly certificates?: readonly string[];
    readonly retryAfter?: number;
  };
}

async function response(client: RawMqttClient): Promise<Response> {
  const packet = await client.next();
  if (!isPublish(packet)) throw new Error(`no response: ${packet === 'closed' ? packet : packet.cmd}`);
  return { topic: packet.topic, body: JSON.parse(String(packet.payload)) };
}

async function renew(deviceId: string, body: Record<string, unknown> = {}): Promise<[Response, Response]> {
  const client = await connect(deviceId);
  ask(client, 'rid1', { id: deviceId, csr, ...body });
  return [await response(client), await response(client)];
}

describe('renewal at the hub', () => {
  it('responds 202 with its expiry, then 200 with a chain of the new key', async () => {
    const [accepted, finished] = await renew('dev-1');
    expect(accepted.topic).toBe('$iothub/credentials/res/202/?$rid=rid1');
    expect(accepted.body.operationExpires).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    expect(finished.topic).toBe('$iothub/credentials/res/200/?$rid=rid1');
    expect(finished.body.correlationId).toBe(accepted.body.correlationId);
    const [leaf, ...rest] = (finished.body.certificates ?? []).map(
      (der) => new X509Certificate(Buffer.from(der, 'base64')),
    );
    expect(leaf?.subject).toBe('CN=reg-1');
    expect(rest).toHaveLength(2);
  });

  it('issues a certificate that is accepted at the next connection', async () => {
    const [, { body }] = await renew('dev-1');
    const cert = (body.certificates ?? [])
      .map((der) => String(new X509Certificate(Buffer.from(der, 'base64'))))
      .join('');
    const client = await rawMqttOverTls({ port: hub.port, ca: authority.caPem, cert, key: csrKey });
    clients.push(client);
    client.send(connectPacket('dev-1', undefined, { username: `${hubName}/dev-1/?api-version=2025-08-01-preview` }));
    expect(await client.next()).toMatchObject({ returnCode: 0 });
  });

  it('accepts the device ID as common name, too', async () => {
    const named = await makeRequest('CN=dev-1');
    const [, finished] = await renew('dev-1', { csr: named.csr });
    expect(finished.topic).toContain('/res/200/');
  });

  it.each<[string, unknown, number]>([
    ['an empty body', '', 400004],
    ['malformed JSON', '{', 400006],
    ['an array', '[]', 400004],
    ['no csr', { id: 'dev-1' }, 400004],
    ['an empty csr', { id: 'dev-1', csr: '' }, 400004],
    ['a csr that is not base64', { id: 'dev-1', csr: 'no base64!' }, 400004],
    ['a csr over 8 KB', { id: 'dev-1', csr: 'A'.repeat(8196) }, 400004],
    ['no id', { csr }, 400004],
    ['the ID of another device', { id: 'dev-2', csr }, 400004],
    ['an unknown field', { id: 'dev-1', csr, reason: 'x' }, 400004],
    ['replace of three characters', { id: 'dev-1', csr, replace: 'abc' }, 400004],
    ['replace of 37 characters', { id: 'dev-1', csr, replace: 'a'.repeat(37) }, 400004],
    ['replace with a hyphen at its end', { id: 'dev-1', csr, replace: 'abcd-' }, 400004],
    ['replace that is a number', { id: 'dev-1', csr, replace: 1234 }, 400004],
    ['replace of a request that is not pending', { id: 'dev-1', csr, replace: 'abcd' }, 412001],
  ])('refuses %s at once', async (_, body, errorCode) => {
    const client = await connect('dev-1');
    ask(client, '7', body);
    const refused = await response(client);
    expect(refused.topic).toBe(`$iothub/credentials/res/${String(errorCode).slice(0, 3)}/?$rid=7`);
    expect(refused.body).toMatchObject({
      errorCode,
      message: expect.any(String),
      trackingId: expect.any(String),
      timestampUtc: expect.stringMatching(/Z$/),
      info: null,
    });
  });

  it.each<[string, string, Promise<{ readonly csr: string }>]>([
    ['of another name', 'dev-1', makeRequest('CN=stranger')],
    ['of an RSA key', 'dev-1', makeRequest('CN=reg-1', { algorithm: 'RSA' })],
    ['that is not PKCS#10', 'dev-1', Promise.resolve({ csr: Buffer.from('hello').toString('base64') })],
    ['of a device without a policy', 'without-policy', makeRequest('CN=reg-1')],
  ])('refuses a csr %s after the 202', async (_, deviceId, made) => {
    const [accepted, refused] = await renew(deviceId, { csr: (await made).csr });
    expect(accepted.topic).toContain('/res/202/');
    expect(refused).toMatchObject({
      topic: '$iothub/credentials/res/400/?$rid=rid1',
      body: { errorCode: 400037, info: { credentialError: expect.any(String), credentialMessage: expect.any(String) } },
    });
  });

  it('allows one operation at a time: 409 names the active one', async () => {
    const client = await connect('slow-1');
    ask(client, 'first', { id: 'slow-1', csr });
    const accepted = await response(client);
    ask(client, 'second', { id: 'slow-1', csr });
    const refused = await response(client);
    expect(refused.topic).toBe('$iothub/credentials/res/409/?$rid=second');
    const { correlationId, operationExpires } = accepted.body;
    expect(refused.body).toMatchObject({
      errorCode: 409004,
      info: { requestId: 'first', correlationId, operationExpires },
    });
    expect((await response(client)).topic).toBe('$iothub/credentials/res/200/?$rid=first');
  });

  it.each([
    ['*', 'slow-2'],
    ['first', 'slow-3'],
  ])('replaces the pending operation with replace "%s": only the new one finishes', async (replace, deviceId) => {
    const client = await connect(deviceId);
    ask(client, 'first', { id: deviceId, csr });
    await response(client);
    ask(client, 'second', { id: deviceId, csr, replace });
    expect((await response(client)).topic).toBe('$iothub/credentials/res/202/?$rid=second');
    expect((await response(client)).topic).toBe('$iothub/credentials/res/200/?$rid=second');
    ask(client, 'third', { id: deviceId, csr });
    expect((await response(client)).topic).toBe('$iothub/credentials/res/202/?$rid=third');
  });

  it('delivers after a reconnection with a clean session, once the device has subscribed again', async () => {
    const before = await connect('slow-4');
    ask(before, 'first', { id: 'slow-4', csr });
    await response(before);
    before.end();
    const note = 'stored until the device subscribes again';
    await hub.requests.seen({ kind: 'renewalFinished', clientId: 'slow-4', answer: 200, note });
    const after = await connect('slow-4', { subscribe: false });
    after.send({ cmd: 'pingreq' });
    expect(await after.next()).toMatchObject({ cmd: 'pingresp' });
    expect(await subscribeTo(after)).toBe(1);
    expect((await response(after)).topic).toBe('$iothub/credentials/res/200/?$rid=first');
  });

  it('sends no response without a subscription', async () => {
    const client = await connect('dev-1', { subscribe: false });
    ask(client, '1', { id: 'dev-1', csr });
    client.send({ cmd: 'pingreq' });
    expect(await client.next()).toMatchObject({ cmd: 'pingresp' });
    expect(hub.requests.of('dev-1').at(-2)?.note).toBe('not subscribed to $iothub/credentials/res/#');
  });

  it('does not exist before hub api-version 2025-08-01-preview, or without $rid', async () => {
    const older = await connect('dev-1', { apiVersion: '2021-04-12', subscribe: false });
    expect(await subscribeTo(older)).toBe(0x80);
    ask(older, '1', { id: 'dev-1', csr });
    expect(await older.next()).toBe('closed');
    const client = await connect('dev-1');
    const topic = '$iothub/credentials/POST/issueCertificate/';
    client.send({ cmd: 'publish', topic, payload: '{}', qos: 0, dup: false, retain: false });
    expect(await client.next()).toBe('closed');
  });
});

describe('faults of a renewal', () => {
  it('renewalRefused: immediately, or after the 202', async () => {
    const client = await connect('refused');
    ask(client, '1', { id: 'refused', csr });
    expect((await response(client)).body).toMatchObject({ errorCode: 400040, info: { credentialError: 'X' } });
    const [accepted, refused] = await renew('refused-later');
    expect(accepted.topic).toContain('/res/202/');
    expect(refused).toMatchObject({ topic: '$iothub/credentials/res/500/?$rid=rid1', body: { errorCode: 500001 } });
  });

  it('renewalThrottled: 429 with retryAfter', async () => {
    const client = await connect('throttled');
    ask(client, '1', { id: 'throttled', csr });
    expect((await response(client)).body).toMatchObject({ errorCode: 429003, retryAfter: 7 });
  });

  it('renewalNeverFinished: pending until it expires', async () => {
    const client = await connect('pending');
    ask(client, 'first', { id: 'pending', csr });
    await response(client);
    ask(client, 'second', { id: 'pending', csr });
    expect((await response(client)).body.errorCode).toBe(409004);
    const briefly = await connect('pending-briefly');
    ask(briefly, 'first', { id: 'pending-briefly', csr });
    await response(briefly);
    ask(briefly, 'second', { id: 'pending-briefly', csr });
    expect((await response(briefly)).topic).toContain('/res/202/');
  });

  it('renewalForeignRid: a response to another request is first', async () => {
    const [foreign, right] = await renew('foreign');
    expect([foreign.topic, right.topic]).toEqual([
      '$iothub/credentials/res/202/?$rid=rid1-foreign',
      '$iothub/credentials/res/202/?$rid=rid1',
    ]);
  });

  it('renewedCertificate: a wrong chain', async () => {
    const [, { body }] = await renew('wrong');
    const leaf = new X509Certificate(Buffer.from(body.certificates?.[0] ?? '', 'base64'));
    expect(leaf.checkPrivateKey(createPrivateKey(csrKey))).toBe(false);
  });

  it('close: the connection is closed', async () => {
    const client = await connect('leaving');
    ask(client, '1', { id: 'leaving', csr });
    expect(await client.next()).toBe('closed');
  });
});

it('a topic with a wildcard closes the connection, field report 12', async () => {
  for (const wildcard of ['#', '+']) {
    const client = await connect('dev-1', { subscribe: false });
    const topic = `devices/dev-1/messages/events/${wildcard}`;
    client.send({
      cmd: 'publish',
      topic: topic.replace(wildcard, 'x'),
      payload: '1',
      qos: 0,
      dup: false,
      retain: false,
    });
    client.sendBytes(rawPublish(topic));
    expect(await client.next()).toBe('closed');
    expect(
      (await hub.requests.seen({ kind: 'close', clientId: 'dev-1', note: 'a topic name with a wildcard' })).connection,
    ).toBeGreaterThan(0);
  }
});

/** PUBLISH at QoS 0 of an empty message, written by hand: a library refuses to send such a topic. */
function rawPublish(topic: string): Buffer {
  const name = Buffer.from(topic);
  return Buffer.concat([Buffer.of(0x30, name.length + 2, 0, name.length), name]);
}
