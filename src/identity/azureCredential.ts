import type { TokenCredential } from '@azure/identity';

/** The app's identity in Azure. */
export interface AzureIdentity {
  /**
   * True when the platform offers a managed identity (App Service and Functions set `IDENTITY_ENDPOINT`). Otherwise this is a developer's
   * machine, and the login of Azure CLI, PowerShell, azd or the editor is used.
   */
  readonly managedIdentity: boolean;
  /** Of the user-assigned identity (`AZURE_CLIENT_ID`). */
  readonly clientId?: string | undefined;
}

/** Loads MSAL, which is large, only when the first token is needed. */
export async function createAzureCredential({ managedIdentity, clientId }: AzureIdentity): Promise<TokenCredential> {
  const [{ DefaultAzureCredential, ManagedIdentityCredential }, { boundedHttpClient }] = await Promise.all([
    import('@azure/identity'),
    import('./boundedHttpClient.ts'),
  ]);
  // One attempt: the library's four attempts take longer than a probe's deadline.
  const options = { retryOptions: { maxRetries: 0 }, httpClient: boundedHttpClient() };
  if (managedIdentity) {
    return new ManagedIdentityCredential({ ...options, ...(clientId !== undefined && { clientId }) });
  }
  return new DefaultAzureCredential(options);
}

/**
 * The first line of a library's or a service's message, with everything removed that could be a token or a key: parsers quote their input.
 */
export function firstLine(text: string): string {
  return text
    .split(/\r?\n/, 1)
    .join('')
    .replace(/[\w+/=.-]{40,}/g, '…')
    .slice(0, 300);
}
