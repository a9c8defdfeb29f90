import type { PipelinePolicy } from '@azure/core-rest-pipeline';

/**
 * A response that is not from Azure Storage: a proxy's page, or another server at its address. Otherwise a 404, or a page with status 200,
 * would be read as an empty table.
 */
class NotStorageError extends Error {
  override readonly name = 'NotStorageError';
}

export function notStorage(status: number, hostname: string): Error {
  return new NotStorageError(
    `a server that is not Azure Storage responded with status ${status} at ${hostname}: look for a proxy, a firewall or a sign-in page in between`,
  );
}

/** Every response of Azure Storage has a request ID: https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2 */
export const onlyAzureStorage: PipelinePolicy = {
  name: 'onlyAzureStorage',
  async sendRequest(request, next) {
    const response = await next(request);
    const { status, headers } = response;
    // A 5xx may be from a gateway of Azure, which does not send a request ID.
    if (status >= 500 || headers.has('x-ms-request-id')) return response;
    throw notStorage(status, new URL(request.url).hostname);
  },
};
