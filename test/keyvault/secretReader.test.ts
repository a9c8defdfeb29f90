import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { createSecretReader, type SecretReaderOptions } from '../../src/keyvault/secretReader.ts';
import { type KeyVaultFault, type KeyVaultOptions, startKeyVault } from '../../src/local/keyVault/keyVault.ts';
import { startTestVault, useManagedIdentity } from '../support/azureIdentity.ts';
import { packagesLoadedBy } from '../support/packagesLoadedBy.ts';

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

  it.each<[string, KeyVaultFault | undefined, string, string]>([
    [
      'missing',
      undefined,
      'notFound',
      'the vault localhost has no secret "missing": store it there, or correct the name in the probe',
    ],
    ['switched-off', undefined, 'disabled', 'secret "switched-off" is disabled: enable it, or store a new version'],
    ['old', undefined, 'expired', 'secret "old" expired at 2020-01-01T00:00:00.000Z: store a new version'],
    ['young', undefined, 'notYetValid', 'secret "young" is not valid before 2999-01-01T00:00:00.000Z'],
    [
      'good',
      'forbidden',
      'forbidden',
      'this app may not read secret "good" of the vault localhost: give its identity the role "Key Vault Secrets User" (a new role takes some minutes to work)',
    ],
    [
      'good',
      'firewall',
      'forbidden',
      'the firewall of the vault localhost does not let this app in: allow its network, or give it a private endpoint',
    ],
    ['good', 'throttled', 'throttled', 'the vault localhost throttles its callers and asks to wait 10 s'],
    ['good', 'unavailable', 'unreachable', 'the vault localhost answered with status 503'],
    ['good', 'malformed', 'unreachable', 'the vault localhost answered with something that is no secret'],
  ])('names what is wrong with a %s secret of a vault with the fault %s: %s', async (secret, fault, kind, message) => {
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
    expect(result).toEqual({ kind, secret, message });
    expect(JSON.stringify(result)).not.toContain('CANARY');
  });

  it('asks a failing vault once, and does not retry behind the back of the probe', async () => {
    const { vault, reader } = await start({ secrets: { key: canary } });
    vault.setFault('unavailable');
    await reader.read('key', noDeadline);
    expect(vault.requests).toHaveLength(1);
  });

  it.each([
    ['nothing listens there', unusedPort, 'ECONNREFUSED'],
    ['it does not present a trusted certificate', startUntrustedVault, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  ])('calls a vault unreachable when %s', async (_, vaultUrl, code) => {
    const reader = createSecretReader({ vaultUrl: await vaultUrl(), identity: testIdentity().settings });
    const message = `the vault localhost cannot be reached: ${code}`;
    expect(await reader.read('key', noDeadline)).toEqual({ kind: 'unreachable', secret: 'key', message });
  });

  it('says which identity is missing when there is no token to be had', async () => {
    const { identity, reader } = await start({ secrets: { key: canary } });
    identity.setFault('noIdentity');
    const result = await reader.read('key', noDeadline);
    expect(result).toMatchObject({ kind: 'unauthenticated', secret: 'key' });
    expect(result).toHaveProperty(
      'message',
      expect.stringContaining('No User Assigned or Delegated Managed Identity found'),
    );
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
    ['vault', 'the vault localhost, or the identity that it asks for, did not answer in time'],
    ['identity', 'the vault localhost, or the identity that it asks for, did not answer in time'],
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

  it('keeps a value for two minutes, then sees the rotated one', async () => {
    let now = Date.now();
    const { vault, reader } = await start({ secrets: { key: 'first' } }, { now: () => now });
    await reader.read('key', noDeadline);
    vault.setSecret('key', 'second');

    now += 119_000;
    expect(await reader.read('key', noDeadline)).toMatchObject({ value: 'first' });
    now += 1_000;
    expect(await reader.read('key', noDeadline)).toMatchObject({ value: 'second' });
  });

  it('reads again at once after invalidate', async () => {
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

async function unusedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `https://localhost:${typeof address === 'object' ? address?.port : ''}`;
}

async function startUntrustedVault(): Promise<string> {
  const certificate = await (await createLocalAuthority('nobody trusts')).issueServer();
  const vault = await startKeyVault({ certificate, tenantId: 'none', checkToken: () => undefined });
  onTestFinished(() => vault.close());
  return vault.url;
}
