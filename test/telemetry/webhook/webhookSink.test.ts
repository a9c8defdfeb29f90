import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLocalAuthority } from '../../../src/emulator/certificates.ts';
import type { SecretResult } from '../../../src/keyvault/secretResult.ts';
import { readDeliveries, stateTable } from '../../../src/telemetry/webhook/stateChanges.ts';
import { type StateChange, webhookSink } from '../../../src/telemetry/webhook/webhookSink.ts';
import { buildOutcome } from '../../support/buildOutcome.ts';
import { trust } from '../../support/trust.ts';
import { unusedPort } from '../../support/unusedPort.ts';
import { tablesAt, useAzurite } from '../../support/useHistory.ts';

interface Received {
  readonly body: string;
  readonly signature: string | undefined;
}

const azurite = useAzurite();
const token = 'T0KEN-in-the-address';
const key = 'the key of the signature';
let server: Server;
let url: string;
let received: Received[] = [];
let statuses: number[] = [];
let probeNumber = 0;

beforeAll(async () => {
  const authority = await createLocalAuthority();
  trust(authority.caPem);
  server = createServer(await authority.issueServer(), async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const signature = request.headers['x-dps-canary-signature'];
    received.push({ body: Buffer.concat(chunks).toString(), signature: signature?.toString() });
    response.writeHead(statuses.shift() ?? 200, { location: '/elsewhere' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://localhost:${(server.address() as AddressInfo).port}/hooks/${token}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  received = [];
  statuses = [];
  probeNumber += 1;
});

const states = () => tablesAt(azurite.connectionString())(stateTable);

/** As one process has it. */
function sink({ keySecret, address = url }: { keySecret?: string; address?: string } = {}) {
  const secrets: Record<string, string> = { 'chat-address': address, 'chat-key': key };
  return webhookSink({
    urlSecret: 'chat-address',
    keySecret,
    states: states(),
    readSecret: async (name): Promise<SecretResult> => ({ kind: 'found', value: secrets[name] ?? '' }),
  });
}

let minute = 0;
function outcome(verdict: 'healthy' | 'failing' | 'unknown' | 'degraded') {
  minute += 1;
  return buildOutcome({
    probe: `webhook-${probeNumber}`,
    verdict,
    runId: `run-${minute}`,
    startedAt: new Date(Date.UTC(2026, 10, 26, 0, minute)).toISOString(),
    reasons: verdict === 'healthy' ? [] : ['The service refused the device.'],
  });
}

const changes = () => received.map(({ body }) => JSON.parse(body) as StateChange);

describe('The webhook', () => {
  it('posts each change of a verdict once, and nothing while the verdict is the same', async () => {
    const webhook = sink();
    for (const verdict of ['healthy', 'healthy', 'failing', 'failing', 'healthy'] as const) {
      await webhook.write(outcome(verdict));
    }
    expect(changes().map(({ from, to }) => `${from} → ${to}`)).toEqual(['healthy → failing', 'failing → healthy']);
    expect(changes()[0]).toMatchObject({
      event: 'probe.stateChanged',
      probe: `webhook-${probeNumber}`,
      location: 'westeurope',
      text: `webhook-${probeNumber} is failing at westeurope, was healthy. The service refused the device.`,
      reasons: ['The service refused the device.'],
    });
  });

  it('reports a first run only when it is not healthy', async () => {
    await sink().write(outcome('failing'));
    expect(changes()).toMatchObject([{ from: null, to: 'failing' }]);
  });

  it('posts a change once, even if several processes detect it at the same time', async () => {
    await sink().write(outcome('healthy'));
    const change = outcome('failing');
    await Promise.all(Array.from({ length: 8 }, () => sink().write(change)));
    expect(changes()).toHaveLength(1);
  });

  it('ignores a run that started before the one that saw the newest change', async () => {
    const [older, newer] = [outcome('healthy'), outcome('failing')];
    await sink().write(newer);
    await sink().write(older);
    expect(changes()).toMatchObject([{ to: 'failing' }]);
  });

  it.each([
    ['of another program', { colour: 'blue' }],
    ['of another version', { probe: 'x', location: 'y', verdict: 'paused', startedAt: 'tomorrow', delivered: true }],
  ])('replaces the row of its state if it is one %s', async (_, row) => {
    await states().insert({ partitionKey: 'states', rowKey: `webhook-${probeNumber}@westeurope`, ...row });
    expect(await readDeliveries(states())).toEqual(expect.any(Array));
    await sink().write(outcome('failing'));
    expect(changes()).toMatchObject([{ from: null, to: 'failing' }]);
    expect(await readDeliveries(states())).toContainEqual(
      expect.objectContaining({ probe: `webhook-${probeNumber}`, delivered: expect.anything() }),
    );
  });

  it('signs the time and the body, so that a receiver can refuse what is forged or old', async () => {
    await sink({ keySecret: 'chat-key' }).write(outcome('failing'));
    const [{ body, signature } = { body: '', signature: '' }] = received;
    const [, seconds = '', digest] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature ?? '') ?? [];
    expect(digest).toBe(createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex'));
    expect(Math.abs(Date.now() / 1000 - Number(seconds))).toBeLessThan(60);
  });

  it('tries three times if the receiver may recover', async () => {
    statuses = [503, 429];
    await sink().write(outcome('failing'));
    expect(received).toHaveLength(3);
  });

  it.each([
    [[500, 502, 503], 3, 'responded 503, after 3 attempts. Next: Check the state of the receiver'],
    [[404], 1, 'responded 404, after 1 attempt. Next: Check that the webhook still exists'],
    [[400], 1, 'responded 400, after 1 attempt. Next: Check that the receiver accepts JSON'],
    [[302], 1, 'redirects (302), after 1 attempt. Next: Store its final address in the secret'],
  ])('reports the meaning of %j, follows no redirect, and never shows the URL', async (given, requests, why) => {
    statuses = [...given];
    const error = await sink()
      .write(outcome('failing'))
      .then(() => undefined, String);
    expect(error).toContain(`the webhook of secret chat-address ${why}`);
    expect(error).not.toContain(token);
    expect(received).toHaveLength(requests);
  });

  it.each([
    ['http://localhost:1/T0KEN-in-the-address', 'does not hold an https URL'],
    ['T0KEN-in-the-address', 'does not hold an https URL'],
  ])('refuses %s without showing it', async (address, why) => {
    const error = await sink({ address })
      .write(outcome('failing'))
      .then(() => undefined, String);
    expect(error).toContain(why);
    expect(error).not.toContain(token);
  });

  it('reports a receiver that does not respond with only the code of the platform', async () => {
    const error = await sink({ address: `https://localhost:${await unusedPort()}/${token}` })
      .write(outcome('failing'))
      .then(() => undefined, String);
    expect(error).toContain('did not respond (ECONNREFUSED), after 3 attempts');
    expect(error).not.toContain(token);
  });

  /** What is stored of the probe of this test. */
  async function delivery() {
    return (await readDeliveries(states())).find(({ probe }) => probe === `webhook-${probeNumber}`);
  }

  it('stores what the receiver accepted, and nothing of a probe without a change', async () => {
    await sink().write(outcome('healthy'));
    expect(await delivery()).toBeUndefined();
    await sink().write(outcome('failing'));
    expect(await delivery()).toEqual({
      probe: `webhook-${probeNumber}`,
      location: 'westeurope',
      delivered: { at: expect.stringMatching(/^\d{4}-.*Z$/), verdict: 'failing' },
    });
  });

  it('stores why a change could not be delivered until it is delivered or obsolete, never with the URL', async () => {
    statuses = [404, 200, 410];
    const failing = await sink().write(outcome('failing')).catch(String);
    const stored = await delivery();
    expect(stored).toMatchObject({ failed: { verdict: 'failing' } });
    expect(stored).not.toHaveProperty('delivered');
    expect(String(failing)).toContain(stored?.failed?.error);
    expect(JSON.stringify(stored)).not.toContain(token);

    await sink().write(outcome('degraded'));
    expect(await delivery()).toMatchObject({ delivered: { verdict: 'degraded' } });
    await sink().write(outcome('unknown')).catch(String);
    expect(await delivery()).toMatchObject({ delivered: { verdict: 'degraded' }, failed: { verdict: 'unknown' } });
    await sink().write(outcome('degraded'));
    expect(await delivery()).not.toHaveProperty('failed');
  });

  it('remembers what to do about a secret that cannot be read', async () => {
    const unreadable = webhookSink({
      urlSecret: 'chat-address',
      states: states(),
      readSecret: async (secret) => ({ kind: 'notFound', secret, message: `Key Vault has no secret ${secret}` }),
    });
    await unreadable.write(outcome('failing')).catch(String);
    expect((await delivery())?.failed?.error).toBe(
      'Key Vault has no secret chat-address. Next: Create the secret in Key Vault, or correct the name that is configured',
    );
  });
});
