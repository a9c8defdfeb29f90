import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLocalAuthority } from '../../../src/emulator/certificates.ts';
import { chainFaultSchema } from '../../../src/emulator/credentials/issueChain.ts';
import { createDeviceRegistry } from '../../../src/emulator/deviceRegistry.ts';
import type { DpsConfigurationInput } from '../../../src/emulator/dps/dpsConfiguration.ts';
import { type RunningDps, startDps } from '../../../src/emulator/dps/startDps.ts';
import { type RunningHub, startHub } from '../../../src/emulator/hub/startHub.ts';
import { type DeviceRequest, makeRequest } from '../../support/certificateRequests.ts';
import { openssl } from '../../support/openssl.ts';
import { connectPacket, isPublish, type RawMqttClient, rawMqttOverTls } from '../../support/rawMqttClient.ts';
import { requires } from '../../support/requires.ts';
import { registrationToken } from '../../support/sasToken.ts';

const authority = await createLocalAuthority();
const certificate = await authority.issueServer();
const key = Buffer.from('key').toString('base64');
const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: key } } as const;
const chains = chainFaultSchema.options;
const hubName = 'hub-a.azure-devices.net';
const request = await makeRequest('CN=one');

const configuration: DpsConfigurationInput = {
  retryAfterSeconds: 0,
  iotHubs: [hubName],
  credentialPolicies: [{ name: 'default', validityDays: 30 }],
  individualEnrollments: [
    { registrationId: 'one', deviceId: 'dev-1', attestation, credentialPolicyName: 'default' },
    { registrationId: 'plain', attestation, connectionProfile: 'mqttV5' },
    { registrationId: 'unsynced', attestation, credentialPolicyName: 'default' },
    ...chains.map((chain) => ({
      registrationId: `c-${chain}`.toLowerCase(),
      attestation,
      credentialPolicyName: 'default',
      fault: { kind: 'issuedCertificate', chain } as const,
    })),
  ],
};

let dps: RunningDps;
let strict: RunningDps;
let hub: RunningHub;
const clients: RawMqttClient[] = [];

beforeAll(async () => {
  const registry = createDeviceRegistry();
  dps = await startDps({ certificate, registry, configuration });
  strict = await startDps({ certificate, configuration: { ...configuration, strict: true } });
  hub = await startHub({ certificate, registry, faults: { unsynced: { kind: 'unknownAuthority' } } });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});
afterAll(() => Promise.all([dps.close(), strict.close(), hub.close()]));

interface Registered {
  readonly status: number;
  readonly body: {
    readonly errorCode?: number;
    readonly message?: string;
    readonly registrationState?: {
      readonly status?: string;
      readonly issuedCertificateChain?: readonly string[];
      readonly connectionProfile?: string;
    };
  };
}

/** Registers with this body, to the end. */
async function register(
  registrationId: string,
  body: Record<string, unknown>,
  { apiVersion = '2025-07-01-preview', to = dps } = {},
): Promise<Registered> {
  const client = await rawMqttOverTls({ port: to.mqttsPort, ca: authority.caPem });
  clients.push(client);
  const username = `0neLOCAL/registrations/${registrationId}/api-version=${apiVersion}`;
  client.send(connectPacket(registrationId, registrationToken(registrationId, key), { username }));
  await client.next();
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$dps/registrations/res/#', qos: 1 }] });
  await client.next();
  const ask = async (topic: string, payload: string) => {
    client.send({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false });
    const response = await client.next();
    if (!isPublish(response)) throw new Error('no response');
    const status = Number(/\/res\/(\d+)\//.exec(response.topic)?.[1]);
    return { status, body: JSON.parse(String(response.payload)) };
  };
  const first = await ask('$dps/registrations/PUT/iotdps-register/?$rid=1', JSON.stringify(body));
  if (first.status !== 202) return first;
  const { operationId } = first.body;
  return ask(`$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=${operationId}`, '');
}

const chainOf = ({ body }: Registered) => body.registrationState?.issuedCertificateChain ?? [];
const parsed = (chain: readonly string[]) => chain.map((der) => new X509Certificate(Buffer.from(der, 'base64')));
const pemOf = (chain: readonly string[]) => parsed(chain).map(String).join('');

async function verifyAssignment(
  deviceId: string,
  chain: readonly string[],
  { key: ofDevice }: DeviceRequest,
  apiVersion: string,
) {
  const client = await rawMqttOverTls({ port: hub.port, ca: authority.caPem, cert: pemOf(chain), key: ofDevice });
  clients.push(client);
  const username = `${hubName}/${deviceId}/?api-version=${apiVersion}`;
  client.send(connectPacket(deviceId, undefined, { username }));
  const connack = await client.next();
  return connack !== 'closed' && connack.cmd === 'connack' ? connack.returnCode : connack;
}

describe('a registration with a csr', () => {
  it('results in a chain for the device’s own key: leaf, intermediate, root, for the policy’s days', async () => {
    const [leaf, intermediate, root, ...others] = parsed(
      chainOf(await register('one', { registrationId: 'one', csr: request.csr })),
    );
    expect(others).toEqual([]);
    expect(leaf?.subject).toBe('CN=one');
    expect(leaf?.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'secp384r1' });
    expect(leaf?.checkPrivateKey(createPrivateKey(request.key))).toBe(true);
    expect(intermediate && leaf?.verify(intermediate.publicKey)).toBe(true);
    expect(root && intermediate?.verify(root.publicKey)).toBe(true);
    expect(root?.verify(root.publicKey)).toBe(true);
    const days = (Number(leaf?.validToDate) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThanOrEqual(30);
  });

  it('results in a chain that OpenSSL verifies', requires('openssl'), async () => {
    const [leaf, intermediate, root] = parsed(
      chainOf(await register('one', { registrationId: 'one', csr: request.csr })),
    ).map(String);
    const files = { 'leaf.pem': leaf ?? '', 'mid.pem': intermediate ?? '', 'root.pem': root ?? '', out: '' };
    const verify = ['verify', '-purpose', 'sslclient', '-CAfile', 'root.pem', '-untrusted', 'mid.pem', 'leaf.pem'];
    expect(() => openssl(verify, files)).not.toThrow();
    expect(() => openssl(verify.with(6, 'leaf.pem'), files)).toThrow(/unable to get local issuer certificate/);
  });

  it('opens the hub with that certificate and no password', async () => {
    const chain = chainOf(await register('one', { registrationId: 'one', csr: request.csr }));
    expect(await verifyAssignment('dev-1', chain, request, '2025-08-01-preview')).toBe(0);
    expect(await verifyAssignment('dev-1', chain.slice(0, 1), request, '2021-04-12')).toBe(0);
    expect(
      (
        await hub.requests.seen({
          kind: 'connect',
          answer: 0,
          clientId: 'dev-1',
          note: 'an operational certificate under api-version 2021-04-12; an operational certificate without its chain',
        })
      ).connection,
    ).toBeGreaterThan(0);
  });

  it('does not open a hub that does not know the authority', async () => {
    const unsynced = await makeRequest('CN=unsynced');
    const registered = await register('unsynced', { registrationId: 'unsynced', csr: unsynced.csr });
    expect(await verifyAssignment('unsynced', chainOf(registered), unsynced, '2025-08-01-preview')).toBe(5);
    expect(hub.requests.of('unsynced')[0]?.note).toBe('unknownAuthority');
  });

  it('does not open the hub for another device, or with another key', async () => {
    const chain = chainOf(await register('one', { registrationId: 'one', csr: request.csr }));
    await register('unsynced', { registrationId: 'unsynced' });
    expect(await verifyAssignment('unsynced', chain, request, '2025-08-01-preview')).toBe(5);
    const other = await makeRequest('CN=one');
    await expect(verifyAssignment('dev-1', chain, other, '2025-08-01-preview')).rejects.toThrow(/key values mismatch/i);
  });

  it('is issued without registrationId, with P-256 and with SHA-256, each with a note; strict refuses them', async () => {
    const p256 = await makeRequest('CN=one', { algorithm: 'P-256', hash: 'SHA-256' });
    for (const [body, note, message] of [
      [{ csr: request.csr }, 'the body has no registrationId', 'The body has no registrationId.'],
      [
        { registrationId: 'one', csr: p256.csr },
        'the csr has a key on P-256, the documents ask for P-384; the csr is signed with SHA-256, the documents ask for SHA-384',
        'The csr has a key on P-256, the documents ask for P-384.',
      ],
    ] as const) {
      expect(chainOf(await register('one', body))).toHaveLength(3);
      expect(dps.requests.of('one').findLast(({ kind }) => kind === 'register')?.note).toBe(note);
      const refused = await register('one', body, { to: strict });
      expect(refused).toMatchObject({ status: 400, body: { errorCode: 400004, message } });
    }
  });

  it('of another name is refused', async () => {
    const { csr } = await makeRequest('CN=ONE');
    expect(await register('one', { registrationId: 'one', csr })).toMatchObject({
      status: 400,
      body: { errorCode: 400004, message: 'The csr has the common name "ONE", expected "one".' },
    });
  });

  it('is assigned without a chain if the enrollment has no policy', async () => {
    const { csr } = await makeRequest('CN=plain');
    const registered = await register('plain', { registrationId: 'plain', csr });
    expect(registered.body.registrationState).toMatchObject({ status: 'assigned' });
    expect(registered.body.registrationState).not.toHaveProperty('issuedCertificateChain');
  });

  it('is assigned without a chain in an api-version that does not know of csr; strict refuses it', async () => {
    const body = { registrationId: 'one', csr: request.csr };
    const registered = await register('one', body, { apiVersion: '2021-10-01' });
    expect(registered.body.registrationState).not.toHaveProperty('issuedCertificateChain');
    const refused = await register('one', body, { apiVersion: '2021-10-01', to: strict });
    expect(refused).toMatchObject({ status: 400, body: { errorCode: 400004 } });
  });

  it('gets another certificate each time, under the same authorities', async () => {
    const again = chainOf(await register('one', { registrationId: 'one', csr: request.csr }));
    const before = chainOf(await register('one', { registrationId: 'one', csr: request.csr }));
    expect(again[0]).not.toBe(before[0]);
    expect(again.slice(1)).toEqual(before.slice(1));
  });
});

describe('the fault issuedCertificate', () => {
  const issued = async (chain: (typeof chains)[number]) => {
    const id = `c-${chain}`.toLowerCase();
    const { csr, key: ofDevice } = await makeRequest(`CN=${id}`);
    const sent = chainOf(await register(id, { registrationId: id, csr }));
    return { sent, ofDevice };
  };

  it('missing: no chain', async () => {
    expect((await issued('missing')).sent).toEqual([]);
  });

  it('anotherKey: a leaf that is not the device’s', async () => {
    const { sent, ofDevice } = await issued('anotherKey');
    expect(parsed(sent)[0]?.checkPrivateKey(createPrivateKey(ofDevice))).toBe(false);
  });

  it('anotherName: a leaf under another name', async () => {
    expect(parsed((await issued('anotherName')).sent)[0]?.subject).toBe('CN=c-anothername-other');
  });

  it('expired, notYetValid: a leaf that is not valid now', async () => {
    const [expired] = parsed((await issued('expired')).sent);
    const [later] = parsed((await issued('notYetValid')).sent);
    expect(Number(expired?.validToDate)).toBeLessThan(Date.now());
    expect(Number(later?.validFromDate)).toBeGreaterThan(Date.now());
  });

  it('broken: an intermediate of the right name that has not signed the leaf', async () => {
    const [leaf, intermediate, root] = parsed((await issued('broken')).sent);
    expect(leaf?.issuer).toBe(intermediate?.subject);
    expect(intermediate && leaf?.verify(intermediate.publicKey)).toBe(false);
    expect(root && intermediate?.verify(root.publicKey)).toBe(true);
  });

  it('leafOnly, reversed: less, or in the other order', async () => {
    expect((await issued('leafOnly')).sent).toHaveLength(1);
    const [first, , last] = parsed((await issued('reversed')).sent);
    expect([first?.ca, last?.ca]).toEqual([true, false]);
  });

  it('pem, garbage: what is not DER of a certificate', async () => {
    for (const pem of (await issued('pem')).sent) expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(() => parsed(['AAAA'])).toThrow();
    const { sent } = await issued('garbage');
    expect(sent).toHaveLength(1);
    expect(() => parsed(sent)).toThrow();
  });
});

describe('connectionProfile', () => {
  it('is reported with 2026-11-02-preview and not before', async () => {
    const newest = { apiVersion: '2026-11-02-preview' };
    const plain = await register('plain', { registrationId: 'plain' }, newest);
    expect(plain.body.registrationState?.connectionProfile).toBe('mqttV5');
    const one = await register('one', { registrationId: 'one' }, newest);
    expect(one.body.registrationState?.connectionProfile).toBe('classic');
    const older = await register('plain', { registrationId: 'plain' });
    expect(older.body.registrationState).not.toHaveProperty('connectionProfile');
  });
});

it('an unknown api-version gets 400004 that names it, field report 13', async () => {
  expect(await register('one', { registrationId: 'one' }, { apiVersion: '1999-01-01' })).toMatchObject({
    status: 400,
    body: { errorCode: 400004, message: 'Unsupported API version 1999-01-01.' },
  });
});
