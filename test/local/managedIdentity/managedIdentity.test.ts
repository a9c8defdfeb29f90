import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ManagedIdentityOptions,
  startManagedIdentity,
} from '../../../src/local/managedIdentity/managedIdentity.ts';

const vault = 'https://vault.azure.net';

describe('startManagedIdentity', () => {
  it('issues a token for the resource that is asked for, which only that resource accepts', async () => {
    const identity = await start();
    const response = await ask(identity, { resource: vault, client_id: identity.clientId });
    const body = (await response.json()) as { access_token: string; expires_on: string };

    expect(response.status).toBe(200);
    expect(body).toMatchObject({ resource: vault, token_type: 'Bearer', client_id: identity.clientId });
    expect(Number(body.expires_on)).toBeCloseTo(Date.now() / 1000 + 86_400, -1);
    expect(identity.checkToken(body.access_token, vault)).toBeUndefined();
    expect(identity.checkToken(body.access_token, 'https://storage.azure.com')).toContain('AKV10022: Invalid audience');
  });

  it('writes the claims that Azure services read into its tokens', async () => {
    const identity = await start();
    const [, claims = ''] = identity.issueToken('https://storage.azure.com/').value.split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      aud: 'https://storage.azure.com',
      iss: `https://sts.windows.net/${identity.tenantId}/`,
      appid: identity.clientId,
    });
  });

  it('does not accept a token of another endpoint, a changed one or an expired one', async () => {
    const [identity, other, brief] = [await start(), await start(), await start({ tokenLifetimeSeconds: 0 })];
    const [header, claims, signature] = identity.issueToken(vault).value.split('.');
    expect(identity.checkToken(other.issueToken(vault).value, vault)).toContain('AKV10046');
    expect(identity.checkToken(`${header}.${claims}x.${signature}`, vault)).toContain('AKV10046');
    expect(identity.checkToken('no token', vault)).toContain('AKV10046');
    expect(brief.checkToken(brief.issueToken(vault).value, vault)).toContain('AKV10077');
  });

  it.each([
    ['without the header', { resource: vault }, { 'X-IDENTITY-HEADER': '' }, 401],
    ['with another header', { resource: vault }, { 'X-IDENTITY-HEADER': 'guessed' }, 401],
    ['without a resource', {}, {}, 400],
    ['for an identity that the app does not have', { resource: vault, client_id: 'other' }, {}, 400],
    ['of another API version', { resource: vault, 'api-version': '2017-09-01' }, {}, 400],
  ])('refuses a request %s', async (_, query, headers, status) => {
    const identity = await start();
    expect((await ask(identity, query, headers)).status).toBe(status);
  });

  it.each([
    ['noIdentity', 400],
    ['throttled', 429],
    ['unavailable', 503],
  ] as const)('responds with the fault %s until it is removed', async (fault, status) => {
    const identity = await start();
    identity.setFault(fault);
    expect((await ask(identity, { resource: vault })).status).toBe(status);
    identity.setFault(undefined);
    expect((await ask(identity, { resource: vault })).status).toBe(200);
    expect(identity.requests.map((request) => request.status)).toEqual([status, 200]);
  });

  it('does not respond while it is silent, but can be closed', async () => {
    const identity = await start();
    identity.setFault('silent');
    const answer = ask(identity, { resource: vault });
    await expect.poll(() => identity.requests).toEqual([{ resource: vault, clientId: undefined, status: undefined }]);
    await Promise.all([expect(answer).rejects.toThrow(), identity.close()]);
  });

  it.each([
    ['reset', [true, true, true, true, true, true, true]],
    ['resetSometimes', [true, false, false, false, false, false, true]],
  ] as const)('aborts connections with the fault %s', async (fault, aborted) => {
    const identity = await startManagedIdentity();
    onTestFinished(() => identity.close());
    identity.setFault(fault);
    const seen: boolean[] = [];
    for (const _ of aborted) {
      seen.push(
        await fetch(identity.endpoint).then(
          () => false,
          () => true,
        ),
      );
    }
    expect(seen).toEqual(aborted);
  });

  it('reports that its port is in use', async () => {
    const first = await start();
    const port = Number(new URL(first.endpoint).port);
    await expect(start({ port })).rejects.toThrow(
      `The managed identity endpoint cannot listen on 127.0.0.1:${port}: the port is in use. Stop the program that uses it, or choose another port.`,
    );
  });
});

async function start(options?: ManagedIdentityOptions) {
  const identity = await startManagedIdentity(options);
  onTestFinished(() => identity.close());
  return identity;
}

function ask(
  identity: { readonly endpoint: string; readonly header: string },
  query: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const search = new URLSearchParams({ 'api-version': '2019-08-01', ...query });
  return fetch(`${identity.endpoint}?${search}`, { headers: { 'X-IDENTITY-HEADER': identity.header, ...headers } });
}
