import { SecretClient, type SecretProperties } from '@azure/keyvault-secrets';
import { describe, expect, it } from 'vitest';
import { createAzureCredential } from '../../../src/identity/azureCredential.ts';
import type { KeyVault, KeyVaultFault } from '../../../src/local/keyVault/keyVault.ts';
import { startTestVault, useManagedIdentity } from '../../support/azureIdentity.ts';

const testIdentity = useManagedIdentity();

describe('startKeyVault', () => {
  it('sends the challenge of the service, with the tenant and the resource of the token', async () => {
    const vault = await startTestVault(testIdentity());
    const response = await fetch(`${vault.url}/secrets/key/?api-version=7.4`);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer authorization="https://login.microsoftonline.com/${testIdentity().endpoint.tenantId}", resource="https://vault.azure.net"`,
    );
    expect(await response.json()).toEqual({
      error: { code: 'Unauthorized', message: 'AKV10000: Request is missing a Bearer or PoP token.' },
    });
  });

  it.each(['/secrets/key', '/secrets/key/', '/secrets/KEY'])('serves the current version at %s', async (path) => {
    const vault = await startTestVault(testIdentity(), { secrets: { key: 'first' } });
    const version = vault.setSecret('key', {
      value: 'PEM',
      contentType: 'application/x-pem-file',
      expiresOn: '2027-01-01T00:00:00Z',
      notBefore: '2026-01-01T00:00:00Z',
    });
    const { status, body } = await get(vault, path);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      value: 'PEM',
      contentType: 'application/x-pem-file',
      id: `${vault.url}/secrets/key/${version}`,
      attributes: { enabled: true, exp: 1_798_761_600, nbf: 1_767_225_600 },
    });
    expect(version).toMatch(/^[0-9a-f]{32}$/);
  });

  it('serves each version by its id, also after a rotation', async () => {
    const vault = await startTestVault(testIdentity());
    const first = vault.setSecret('key', 'one');
    vault.setSecret('key', 'two');
    expect((await get(vault, `/secrets/key/${first}`)).body).toMatchObject({ value: 'one' });
    expect((await get(vault, '/secrets/key')).body).toMatchObject({ value: 'two' });
  });

  it('lists versions in pages, without values, to the real client', async () => {
    const vault = await startTestVault(testIdentity());
    const versions = Array.from({ length: 27 }, (_, index) => vault.setSecret('key', `value ${index}`));
    const client = await secretClient(vault);
    const listed: SecretProperties[] = [];
    for await (const item of client.listPropertiesOfSecretVersions('key')) {
      listed.push(item);
    }
    expect(listed.map((item) => item.version)).toEqual(versions);
    expect(JSON.stringify(listed)).not.toContain('value 1');
  });

  it.each<[string, KeyVaultFault | undefined, number, string, string | undefined]>([
    ['/secrets/other', undefined, 404, 'SecretNotFound', undefined],
    ['/secrets/key/00000000000000000000000000000000', undefined, 404, 'SecretNotFound', undefined],
    ['/secrets/off', undefined, 403, 'Forbidden', 'SecretDisabled'],
    ['/secrets/under_score', undefined, 400, 'BadParameter', undefined],
    ['/keys/key', undefined, 404, 'NotFound', undefined],
    ['/secrets/key', 'forbidden', 403, 'Forbidden', 'ForbiddenByRbac'],
    ['/secrets/key', 'firewall', 403, 'Forbidden', 'ForbiddenByFirewall'],
    ['/secrets/key', 'throttled', 429, 'Throttled', undefined],
    ['/secrets/key', 'unavailable', 503, 'ServiceUnavailable', undefined],
  ])('responds to %s with the fault %s: %d %s', async (path, fault, status, code, innerCode) => {
    const vault = await startTestVault(testIdentity(), { secrets: { key: 'k', off: { value: 'k', enabled: false } } });
    vault.setFault(fault);
    const answer = await get(vault, path);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: { code, ...(innerCode && { innererror: { code: innerCode } }) } });
    expect(answer.headers.get('retry-after')).toBe(status === 429 ? '10' : null);
  });

  it('refuses a token for another audience', async () => {
    const vault = await startTestVault(testIdentity(), { secrets: { key: 'k' } });
    const { value } = testIdentity().endpoint.issueToken('https://storage.azure.com');
    const response = await fetch(`${vault.url}/secrets/key?api-version=7.4`, {
      headers: { Authorization: `Bearer ${value}` },
    });
    expect(response.status).toBe(401);
  });

  it('can be wrong for one secret and right for the others', async () => {
    const vault = await startTestVault(testIdentity(), { secrets: { one: '1', two: '2' } });
    vault.setFault('forbidden', 'one');
    expect((await get(vault, '/secrets/one')).status).toBe(403);
    expect((await get(vault, '/secrets/two')).status).toBe(200);
    vault.setFault(undefined, 'one');
    expect((await get(vault, '/secrets/one')).status).toBe(200);
    vault.removeSecret('one');
    expect((await get(vault, '/secrets/one')).status).toBe(404);
  });

  it('records requests without tokens and values', async () => {
    const vault = await startTestVault(testIdentity(), { secrets: { key: 'secret value' } });
    await get(vault, '/secrets/key');
    expect(vault.requests).toEqual([{ method: 'GET', path: '/secrets/key', withToken: true, status: 200 }]);
  });

  it.each([
    [
      'under_score',
      'value',
      '"under_score" cannot be the name of a secret: expected 1 to 127 letters, digits and dashes.',
    ],
    [
      'key',
      { value: 'v', expiresOn: 'soon' },
      'expiresOn of the secret "key" is not a date: expected ISO 8601, such as 2027-01-31T00:00:00Z.',
    ],
  ])('reports why it cannot store a secret: %s', async (name, secret, message) => {
    const vault = await startTestVault(testIdentity());
    expect(() => vault.setSecret(name, secret)).toThrow(message);
  });
});

async function get(vault: KeyVault, path: string) {
  const { value } = testIdentity().endpoint.issueToken('https://vault.azure.net');
  const response = await fetch(`${vault.url}${path}?api-version=2026-04-01`, {
    headers: { Authorization: `Bearer ${value}` },
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as object };
}

async function secretClient(vault: KeyVault): Promise<SecretClient> {
  const credential = await createAzureCredential(testIdentity().settings);
  return new SecretClient(vault.url, credential, { disableChallengeResourceVerification: true });
}
