import type { TokenCredential } from '@azure/identity';

/** The identity that this app has in Azure. */
export interface AzureIdentity {
  /**
   * The platform offers a managed identity (App Service and Functions set `IDENTITY_ENDPOINT`). Otherwise it is a
   * developer's machine, and the login of Azure CLI, PowerShell, azd or the editor is used.
   */
  readonly managedIdentity: boolean;
  /** Of the user-assigned identity (`AZURE_CLIENT_ID`). */
  readonly clientId?: string | undefined;
}

/** Loaded when the first token is needed: MSAL is most of what there is to load. */
export async function createAzureCredential({ managedIdentity, clientId }: AzureIdentity): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  // One attempt: the library would try four times, for longer than a probe has.
  const retryOptions = { maxRetries: 0 };
  if (managedIdentity) {
    return new ManagedIdentityCredential({ retryOptions, ...(clientId !== undefined && { clientId }) });
  }
  return new DefaultAzureCredential({ retryOptions });
}

/** The first line of a library's or a service's message, without anything that could be a token or a key: parsers quote what they read. */
export function firstLine(text: string): string {
  return text
    .split(/\r?\n/, 1)
    .join('')
    .replace(/[\w+/=.-]{40,}/g, '…')
    .slice(0, 300);
}
