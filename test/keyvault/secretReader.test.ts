import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { createSecretReader, type SecretReaderOptions } from '../../src/keyvault/secretReader.ts';
import type { SecretUnavailable } from '../../src/keyvault/secretResult.ts';
import { type KeyVaultFault, type KeyVaultOptions, startKeyVault } from '../../src/local/keyVault/keyVault.ts';
import { startTestVault, useManagedIdentity } from '../support/azureIdentity.ts';
import { packagesLoadedBy } from '../support/packagesLoadedBy.ts';
import { trust } from '../support/trust.ts';
import { unusedPort } from '../support/unusedPort.ts';

const canary = 'q83vCANARYvalueThatMustNeverBeSeen0123456789abcdefghijklmnopqrs==';
const noDeadline = new AbortController().signal;

const testIdentity = useManagedIdentity();

describe('createSecretReader', () => {
  it('reads a secret with the real clients, through the challenge of the vault and the managed identity', async () => {
    const { vault, identity, clientId, reader } = await start({ secrets: { 'canary-key': canary } });
    const version = vault.setSecret('canary-key', {
      value: canary,
      contentType: 'text/plain',
      expiresOn: '2999-01-01',
    });

    expect(await reader.read('canary-key', noDeadline)).toEqual({
      kind: 'found',
      value: canary,
      contentType: 'text/plain',
      version,
      expiresOn: '2999-01-01T00:00:00.000Z',
    });
    expect(vault.requests.map(({ status, withToken }) => [status, withToken])).toEqual([
      [401, false],
      [200, true],
    ]);
    expect(identity.requests.filter((request) => request.clientId === clientId)).toEqual([
      { resource: 'https://vault.azure.net', clientId, status: 200 },
    ]);
  });

  it.each<[string, KeyVaultFault | undefined, Partial<SecretUnavailable>]>([
    ['missing', undefined, { kind: 'notFound', message: 'the vault localhost has no secret "missing"' }],
    ['switched-off', undefined, { kind: 'disabled', message: 'secret "switched-off" is disabled' }],
    ['old', undefined, { kind: 'expired', message: 'secret "old" expired at 2020-01-01T00:00:00.000Z' }],
    [
      'young',
      undefined,
      { kind: 'notYetValid', message: 'secret "young" is not valid before 2999-01-01T00:00:00.000Z' },
    ],
    [
      'good',
      'throttled',
      { kind: 'throttled', message: 'the vault localhost throttles its callers and asks to wait 10 s' },
    ],
    ['good', 'unavailable', { kind: 'unreachable', message: 'the vault localhost responded with status 503' }],
    [
      'good',
      'malformed',
      { kind: 'unreachable', detail: 'notKeyVault', message: 'the response of localhost is not a secret of Key Vault' },
    ],
    [
      'good',
      'proxy',
      {
        kind: 'unreachable',
        detail: 'notKeyVault',
        message: 'a server that is not Key Vault responded with status 403 at localhost',
      },
    ],
  ])('names what is wrong with a %s secret of a vault with the fault %s', async (secret, fault, expected) => {
    const { vault, reader } = await start({
      secrets: {
        good: canary,
        'switched-off': { value: canary, enabled: false },
        old: { value: canary, expiresOn: '2020-01-01T00:00:00Z' },
        young: { value: canary, notBefore: '2999-01-01T00:00:00Z' },
      },
    });
    vault.setFault(fault);

    const result = await reader.read(secret, noDeadline);
    expect(result).toEqual({ secret, ...expected });
    expect(JSON.stringify(result)).not.toContain('CANARY');
  });

  it.each<[KeyVaultFault, Partial<SecretUnavailable>, RegExp]>([
    ['forbidden', { kind: 'forbidden', detail: 'noRole' }, /may not read secret "key".*no role allows it/],
    [
      'policy',
      { kind: 'forbidden', detail: 'noAccessPolicy' },
      /may not read secret "key".*no access policy allows it/,
    ],
    [
      'firewall',
      { kind: 'forbidden', detail: 'firewall' },
      /firewall of the vault localhost .* from (127\.0\.0\.1|::1|::ffff:127\.0\.0\.1)$/,
    ],
    ['connection', { kind: 'forbidden', detail: 'privateLinkOnly' }, /over its private endpoint only/],
    [
      'tenant',
      { kind: 'unauthenticated', detail: 'otherTenant' },
      /is of tenant [0-9a-f-]{36}, the vault's is [0-9a-f-]{36}$/,
    ],
  ])(
    'field report 16: each fault %s with which a vault refuses has its own next step',
    async (fault, expected, words) => {
      const { vault, reader } = await start({ secrets: { key: canary } });
      vault.setFault(fault);
      const result = await reader.read('key', noDeadline);
      expect(result).toMatchObject({ ...expected, message: expect.stringMatching(words) });
    },
  );

  it('field report 16: names the tenants in words, regardless of the rest of the message', async () => {
    const { vault, identity, reader } = await start({ secrets: { key: canary } });
    vault.setFault('tenant');
    expect(await reader.read('key', noDeadline)).toHaveProperty('message', expect.stringContaining(identity.tenantId));
  });

  it.each([
    ['a date in the future', () => new Date(Date.now() + 90_000).toUTCString(), / and asks to wait (89|90) s$/],
    ['a date that has passed', () => 'Wed, 21 Oct 2015 07:28:00 GMT', /throttles its callers$/],
    ['text that is neither', () => 'soon', /throttles its callers$/],
  ])('reads the retry-after of a throttling vault: %s', async (_case, retryAfterSeconds, words) => {
    const { vault, reader } = await start({ secrets: { key: canary }, retryAfterSeconds: retryAfterSeconds() });
    vault.setFault('throttled');
    expect(await reader.read('key', noDeadline)).toMatchObject({
      kind: 'throttled',
      message: expect.stringMatching(words),
    });
  });

  it.each(['1e20', '-1e20', '"soon"'])('reads a secret whose exp no calendar has (%s), without an end', async (exp) => {
    const body = `{"value":"v","id":"https://vault/secrets/key/1","attributes":{"enabled":true,"exp":${exp}}}`;
    const reader = createSecretReader({ vaultUrl: await startVaultWith(body), identity: testIdentity().settings });
    const result = await reader.read('key', noDeadline);
    expect(result).toEqual({ kind: 'found', value: 'v', version: '1' });
  });

  it('asks a failing vault once, and does not retry behind the back of the probe', async () => {
    const { vault, reader } = await start({ secrets: { key: canary } });
    vault.setFault('unavailable');
    await reader.read('key', noDeadline);
    expect(vault.requests).toHaveLength(1);
  });

  it.each([
    ['nothing listens there', absentVault, 'ECONNREFUSED'],
    ['it does not present a trusted certificate', startUntrustedVault, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  ])('calls a vault unreachable when %s', async (_, vaultUrl, code) => {
    const reader = createSecretReader({ vaultUrl: await vaultUrl(), identity: testIdentity().settings });
    const message = `the vault localhost cannot be reached: ${code}`;
    expect(await reader.read('key', noDeadline)).toEqual({ kind: 'unreachable', secret: 'key', message });
  });

  it('names the missing identity when there is no token', async () => {
    const { identity, reader } = await start({ secrets: { key: canary } });
    identity.setFault('noIdentity');
    const result = await reader.read('key', noDeadline);
    expect(result).toMatchObject({ kind: 'unauthenticated', secret: 'key' });
    expect(result).toHaveProperty(
      'message',
      expect.stringContaining('No User Assigned or Delegated Managed Identity found'),
    );
  });

  it('field report 17: names the identity endpoint when it aborts every request, and works again with the next read', async () => {
    const { vault, identity, reader } = await start({ secrets: { key: canary } }, { failureCacheMs: 0 });
    identity.setFault('reset');
    for (let run = 0; run < 3; run += 1) {
      expect(await reader.read('key', noDeadline)).toEqual({
        kind: 'unauthenticated',
        secret: 'key',
        detail: 'identityEndpoint',
        message:
          'no token for Key Vault: the managed identity endpoint (IDENTITY_ENDPOINT) cannot be reached: network_error',
      });
    }
    expect(vault.requests.every(({ withToken }) => !withToken)).toBe(true);
    identity.setFault(undefined);
    expect(await reader.read('key', noDeadline)).toMatchObject({ kind: 'found', value: canary });
  });

  it('field report 17: continues to read if the identity endpoint aborts one request of six', async () => {
    const { identity, reader } = await start({ secrets: { key: canary } }, { failureCacheMs: 0, cacheMs: 0 });
    identity.setFault('resetSometimes');
    const kinds: string[] = [];
    while (!kinds.includes('found') && kinds.length < 7) kinds.push((await reader.read('key', noDeadline)).kind);
    // At most one read joined the aborted request; the token of the next one is cached.
    expect(kinds.filter((kind) => kind !== 'found').length).toBeLessThanOrEqual(1);
    expect(await reader.read('key', noDeadline)).toMatchObject({ kind: 'found' });
  });

  it('is unauthenticated when the vault does not accept the token', async () => {
    const { reader } = await start({ secrets: { key: canary }, checkToken: () => 'AKV10032: Invalid issuer.' });
    expect(await reader.read('key', noDeadline)).toEqual({
      kind: 'unauthenticated',
      secret: 'key',
      message: "the vault localhost does not accept this app's token: AKV10032: Invalid issuer.",
    });
  });

  it.each<['vault' | 'identity', string]>([
    ['vault', 'the vault localhost, or the identity endpoint, did not respond in time'],
    ['identity', 'the vault localhost, or the identity endpoint, did not respond in time'],
  ])('returns at the deadline when the %s is silent, and works again afterwards', async (silent, message) => {
    const { vault, identity, reader } = await start({ secrets: { key: canary } });
    const silence = { vault, identity }[silent];
    silence.setFault('silent');
    const started = performance.now();
    expect(await reader.read('key', AbortSignal.timeout(300))).toEqual({ kind: 'unreachable', secret: 'key', message });
    expect(performance.now() - started).toBeLessThan(5000);

    silence.setFault(undefined);
    expect(await reader.read('key', noDeadline)).toMatchObject({ kind: 'found', value: canary });
  });

  it.each(['identity', 'gzip'])('closes the connection to a vault that sends too much (%s)', async (encoding) => {
    const closed = Promise.withResolvers<void>();
    const vaultUrl = await startVault((response) => {
      response.on('close', closed.resolve);
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding });
      const spaces = Buffer.alloc(20_000_000, ' ');
      response.write(encoding === 'gzip' ? gzipSync(spaces) : spaces); // and never ends
    });
    const reader = createSecretReader({ vaultUrl, identity: testIdentity().settings });
    const result = await reader.read('key', noDeadline);
    expect(result).toMatchObject({ kind: 'unreachable', detail: 'notKeyVault' });
    await closed.promise;
  });

  it('does not ask when the deadline has passed already', async () => {
    const { vault, reader } = await start({ secrets: { key: canary } });
    expect(await reader.read('key', AbortSignal.abort())).toMatchObject({ kind: 'unreachable' });
    expect(vault.requests).toEqual([]);
  });

  it('shares one request among ten thousand readers at once', async () => {
    const { vault, reader } = await start({ secrets: { 'fleet-key': canary } });
    const results = await Promise.all(Array.from({ length: 10_000 }, () => reader.read('fleet-key', noDeadline)));
    expect(results.every((result) => result.kind === 'found')).toBe(true);
    expect(vault.requests).toHaveLength(2); // the challenge, and the secret
  });

  it('leaves the request alone when only some of its readers give up', async () => {
    const { vault, reader } = await start({ secrets: { key: canary }, slowMs: 300 });
    vault.setFault('slow');
    const patient = reader.read('key', noDeadline);
    expect(await reader.read('key', AbortSignal.timeout(50))).toMatchObject({ kind: 'unreachable' });
    expect(await patient).toMatchObject({ kind: 'found' });
  });

  it('caches a value for two minutes, then reads the rotated one', async () => {
    let now = Date.now();
    const { vault, reader } = await start({ secrets: { key: 'first' } }, { now: () => now });
    await reader.read('key', noDeadline);
    vault.setSecret('key', 'second');

    now += 119_000;
    expect(await reader.read('key', noDeadline)).toMatchObject({ value: 'first' });
    now += 1_000;
    expect(await reader.read('key', noDeadline)).toMatchObject({ value: 'second' });
  });

  it('reads again immediately after invalidate', async () => {
    const { vault, reader } = await start({ secrets: { key: 'first' } });
    await reader.read('key', noDeadline);
    vault.setSecret('key', 'second');
    reader.invalidate('key');
    expect(await reader.read('key', noDeadline)).toMatchObject({ value: 'second' });
  });

  it('does not keep a value beyond its expiry', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const secrets = { key: { value: canary, expiresOn: '2026-01-01T00:01:00Z' } };
    const { reader } = await start({ secrets }, { now: () => now });
    expect(await reader.read('key', noDeadline)).toMatchObject({ kind: 'found' });
    now += 60_000;
    expect(await reader.read('key', noDeadline)).toMatchObject({ kind: 'expired' });
  });

  it('believes a failure for five seconds only', async () => {
    let now = Date.now();
    const { vault, reader } = await start({}, { now: () => now });
    expect(await reader.read('key', noDeadline)).toMatchObject({ kind: 'notFound' });
    vault.setSecret('key', canary);
    expect(await reader.read('key', noDeadline)).toMatchObject({ kind: 'notFound' });
    now += 5_000;
    expect(await reader.read('key', noDeadline)).toMatchObject({ kind: 'found' });
  });

  it('loads no client before the first read', { timeout: 120_000 }, () => {
    const create = `exports.createSecretReader({ vaultUrl: 'https://localhost:1', identity: { managedIdentity: false } })`;
    expect(packagesLoadedBy('keyvault/secretReader.ts', create)).toEqual(['zod']);
    expect(
      packagesLoadedBy('keyvault/secretReader.ts', `await ${create}.read('key', AbortSignal.timeout(9000))`),
    ).toEqual(expect.arrayContaining(['@azure/identity', '@azure/keyvault-secrets']));
  });
});

async function start(vaultOptions: Partial<KeyVaultOptions> = {}, readerOptions: Partial<SecretReaderOptions> = {}) {
  const identity = testIdentity();
  const vault = await startTestVault(identity, vaultOptions);
  const reader = createSecretReader({ vaultUrl: vault.url, identity: identity.settings, ...readerOptions });
  return { identity: identity.endpoint, clientId: identity.settings.clientId, vault, reader };
}

async function absentVault(): Promise<string> {
  return `https://localhost:${await unusedPort()}`;
}

/** A vault that never challenges, and responds with this body. */
function startVaultWith(body: string): Promise<string> {
  return startVault((response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body));
}

async function startVault(respond: (response: ServerResponse) => void): Promise<string> {
  const authority = await createLocalAuthority();
  trust(authority.caPem);
  const server = createServer(await authority.issueServer(), (_request, response) => respond(response));
  await once(server.listen(0), 'listening');
  onTestFinished(() => void server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

async function startUntrustedVault(): Promise<string> {
  const certificate = await (await createLocalAuthority('nobody trusts')).issueServer();
  const vault = await startKeyVault({ certificate, tenantId: 'none', checkToken: () => undefined });
  onTestFinished(() => vault.close());
  return vault.url;
}
