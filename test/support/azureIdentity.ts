import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest';
import type { AzureIdentity } from '../../src/identity/azureCredential.ts';
import { type KeyVault, type KeyVaultOptions, startKeyVault } from '../../src/local/keyVault/keyVault.ts';
import { type ManagedIdentity, startManagedIdentity } from '../../src/local/managedIdentity/managedIdentity.ts';
import { authority } from './trustedAuthority.ts';

export interface TestIdentity {
  readonly endpoint: ManagedIdentity;
  /** For the code under test: another identity in each test. */
  readonly settings: AzureIdentity;
}

/**
 * A managed identity that the real credential finds, for the tests of one file. MSAL caches the endpoint, and the tokens by client ID,
 * until the process ends. So there is one endpoint, and a new client ID for each test.
 */
export function useManagedIdentity(): () => TestIdentity {
  let endpoint: ManagedIdentity | undefined;
  let current: TestIdentity | undefined;
  beforeAll(async () => {
    endpoint = await startManagedIdentity();
    process.env.IDENTITY_ENDPOINT = endpoint.endpoint;
    process.env.IDENTITY_HEADER = endpoint.header;
  });
  beforeEach(() => {
    if (endpoint !== undefined) {
      endpoint.setFault(undefined);
      current = { endpoint, settings: { managedIdentity: true, clientId: endpoint.assignIdentity() } };
    }
  });
  afterAll(async () => {
    delete process.env.IDENTITY_ENDPOINT;
    delete process.env.IDENTITY_HEADER;
    await endpoint?.close();
  });
  return () => {
    if (current === undefined) {
      throw new Error('The managed identity is there within tests only.');
    }
    return current;
  };
}

/** A vault that accepts the tokens of this identity, and that this process trusts, until the test is over. */
export async function startTestVault(
  { endpoint: { tenantId, checkToken } }: TestIdentity,
  options: Partial<KeyVaultOptions> = {},
): Promise<KeyVault> {
  const vault = await startKeyVault({ certificate: await authority.issueServer(), tenantId, checkToken, ...options });
  onTestFinished(() => vault.close());
  return vault;
}
