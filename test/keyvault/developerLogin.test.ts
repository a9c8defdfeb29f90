import { expect, it, onTestFinished, vi } from 'vitest';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { createSecretReader } from '../../src/keyvault/secretReader.ts';
import { startKeyVault } from '../../src/local/keyVault/keyVault.ts';
import { trust } from '../support/trust.ts';

// In its own file: MSAL decides once per process whether there is a managed identity.
it('reports the next step to a developer who is not logged in', async () => {
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'dev');
  vi.stubEnv('PATH', '/nowhere'); // so that no Azure CLI of this machine is found
  onTestFinished(() => void vi.unstubAllEnvs());
  const authority = await createLocalAuthority();
  trust(authority.caPem);
  const certificate = await authority.issueServer();
  const tenantId = '0c1d2e3f-0000-4000-8000-000000000000';
  const vault = await startKeyVault({ certificate, tenantId, checkToken: () => undefined, secrets: { key: 'value' } });
  onTestFinished(() => vault.close());

  const reader = createSecretReader({ vaultUrl: vault.url, identity: { managedIdentity: false } });
  expect(await reader.read('key', AbortSignal.timeout(20_000))).toEqual({
    kind: 'unauthenticated',
    secret: 'key',
    message: 'no token for Key Vault: no login to Azure was found on this machine (run "az login")',
  });
});
