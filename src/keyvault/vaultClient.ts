import type { KeyVaultSecret } from '@azure/keyvault-secrets';
import { type AzureIdentity, createAzureCredential } from '../identity/azureCredential.ts';

/** Newest version of one secret. Rejects with what the library throws. */
export type GetSecret = (name: string, signal: AbortSignal) => Promise<KeyVaultSecret>;

/** Key Vault of the Azure clouds: https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers */
const azureVault = /\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net|microsoftazure\.de)$/;

/** Loads the libraries and connects nothing yet: the first read does. */
export async function createVaultClient(vaultUrl: string, identity: AzureIdentity): Promise<GetSecret> {
  const [{ SecretClient }, credential] = await Promise.all([
    import('@azure/keyvault-secrets'),
    createAzureCredential(identity),
  ]);
  const client = new SecretClient(vaultUrl, credential, {
    // One attempt: a vault that throttles or fails is what the outcome has to say, within the probe's deadline.
    retryOptions: { maxRetries: 0 },
    // A vault says in its 401 for which resource it wants a token, and the library checks that the vault's name is in
    // that resource's domain, or anybody's server could ask for a token of Azure's. A vault outside Azure (a stand-in
    // on this machine) cannot pass this check, so it is off there, and there only.
    disableChallengeResourceVerification: !azureVault.test(new URL(vaultUrl).hostname),
  });
  return (name, abortSignal) => client.getSecret(name, { abortSignal });
}
