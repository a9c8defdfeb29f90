import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { createSecretReader } from '../../src/keyvault/secretReader.ts';
import { appInsightsFaults } from '../../src/local/appInsights/appInsights.ts';
import { keyVaultFaults } from '../../src/local/keyVault/keyVault.ts';
import { managedIdentityFaults } from '../../src/local/managedIdentity/managedIdentity.ts';
import { createAvailability } from '../../src/telemetry/appInsights/availability.ts';
import { startTestVault, useManagedIdentity } from '../support/azureIdentity.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { ingestionOf } from '../support/ingestionOf.ts';
import { startTestAppInsights } from '../support/testAppInsights.ts';

const planted = 'UGxhbnRlZCBrZXkgdGhhdCBtdXN0IG5ldmVyIGJlIHNlZW4gYW55d2hlcmUgYnV0IGluIG1lbW9yeQ==';
const testIdentity = useManagedIdentity();

/** Everything that a person could read: what is printed, and what an error shows when it is logged whole. */
let seen: string[];
let spies: MockInstance[];

describe('no key, token or connection string is shown', () => {
  beforeEach(() => {
    seen = [];
    const keep = (chunk: unknown) => seen.push(String(chunk)) > 0;
    spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(keep));
  });
  afterEach(() => {
    for (const spy of spies) {
      spy.mockRestore();
    }
  });

  it.each([...keyVaultFaults, undefined])('in a result, with the fault %s of the vault', async (fault) => {
    const tokens: string[] = [];
    const { endpoint, settings } = testIdentity();
    const checkToken = (token: string, audience: string) => {
      tokens.push(token);
      return endpoint.checkToken(token, audience);
    };
    const identity = { settings, endpoint: { ...endpoint, checkToken } };
    const vault = await startTestVault(identity, { secrets: { key: planted }, slowMs: 10 });
    vault.setFault(fault);
    const reader = createSecretReader({ vaultUrl: vault.url, identity: settings });
    const result = await reader.read('key', patience(fault));
    seen.push(inspect(result.kind === 'found' ? { ...result, value: '' } : result), inspect(vault.requests));
    expectUnseen([planted, endpoint.header, ...tokens]);
  });

  it.each(managedIdentityFaults.filter((fault) => fault !== 'resetSometimes'))(
    'in a result, with the fault %s of the identity',
    async (fault) => {
      const { endpoint, settings } = testIdentity();
      const vault = await startTestVault(testIdentity(), { secrets: { key: planted } });
      endpoint.setFault(fault);
      const reader = createSecretReader({ vaultUrl: vault.url, identity: settings });
      seen.push(inspect(await reader.read('key', patience(fault))), inspect(endpoint.requests));
      expectUnseen([planted, endpoint.header]);
    },
  );

  it.each([...appInsightsFaults, 'gone'] as const)('in an error, with the fault %s of the ingestion', async (fault) => {
    const { endpoint, settings } = testIdentity();
    const tokens: string[] = [];
    const appInsights = await startTestAppInsights({
      checkToken(token, audience) {
        tokens.push(token);
        return endpoint.checkToken(token, audience);
      },
    });
    const { connectionString } = appInsights;
    await (fault === 'gone' ? appInsights.close() : appInsights.setFault(fault));
    const options = {
      ingestion: ingestionOf(connectionString, 'Authorization=AAD'),
      identity: settings,
      timeoutMs: fault === 'silent' ? 300 : 10_000,
    };
    const error = await createAvailability(options)
      .send([buildOutcome()])
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    seen.push(inspect(error, { depth: 20 }), inspect(appInsights.requests));
    const instrumentationKey = /InstrumentationKey=([^;]+)/.exec(connectionString)?.[1] ?? '';
    expectUnseen([endpoint.header, instrumentationKey, ...tokens]);
  });
});

function patience(fault: string | undefined): AbortSignal {
  return AbortSignal.timeout(fault === 'silent' ? 300 : 20_000);
}

function expectUnseen(secrets: readonly string[]): void {
  const everything = seen.join('\n');
  expect(everything).not.toBe('');
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(20);
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(secret.slice(0, 20));
  }
}
