import type { PipelinePolicy } from '@azure/core-rest-pipeline';

/** An error response of a proxy or a firewall, not of Key Vault. */
export class NotKeyVaultError extends Error {
  override readonly name = 'NotKeyVaultError';
  readonly status: number;

  constructor(status: number) {
    super(`a server that is not Key Vault responded with status ${status}`);
    this.status = status;
  }
}

/**
 * Key Vault explains every refusal in JSON: https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses#error-responses
 * The client library throws a TypeError of its own at any other one, and the status would be lost.
 */
export const onlyKeyVault: PipelinePolicy = {
  name: 'onlyKeyVault',
  async sendRequest(request, next) {
    const response = await next(request);
    const { status, bodyAsText } = response;
    if (status < 400 || hasError(bodyAsText ?? '')) return response;
    throw new NotKeyVaultError(status);
  },
};

function hasError(body: string): boolean {
  try {
    const { error } = JSON.parse(body);
    return typeof error === 'object' && error !== null;
  } catch {
    return false;
  }
}
