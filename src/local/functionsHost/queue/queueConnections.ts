/**
 * Opens the storage connection that a binding names, as the Storage extension does:
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#connections
 */
import type { TokenCredential } from '@azure/identity';
import { QueueServiceClient, type StoragePipelineOptions } from '@azure/storage-queue';
import type { Environment } from '../appSettings.ts';
import { HostError } from '../hostError.ts';

/** No retries: a listener polls anyway, and a stopping host must not wait for retries. */
const clientOptions: StoragePipelineOptions = {
  retryOptions: { maxTries: 2, retryDelayInMs: 200, tryTimeoutInMs: 15_000 },
};

/**
 * Uses the connection string in `NAME`, or `NAME__queueServiceUri` or `NAME__accountName` with an identity. Throws a HostError when none is
 * set.
 */
export async function connectQueues(name: string, environment: Environment): Promise<QueueServiceClient> {
  const setting = (suffix: string) => environment[`AzureWebJobs${name}${suffix}`] || environment[`${name}${suffix}`];
  const connectionString = setting('');
  if (connectionString !== undefined) {
    try {
      return QueueServiceClient.fromConnectionString(connectionString, clientOptions);
    } catch (cause) {
      // The client's message may quote the text with its key.
      throw new HostError(`The setting ${name} is not a storage connection string: correct it.`, { cause });
    }
  }
  const account = setting('__accountName');
  const uri = setting('__queueServiceUri') ?? (account && `https://${account}.queue.core.windows.net`);
  if (uri === undefined || uri === '') {
    throw new HostError(
      `A function needs the storage connection ${name}: set ${name} to a connection string, or ${name}__queueServiceUri.`,
    );
  }
  return new QueueServiceClient(uri, await identity(setting('__credential'), setting('__clientId')), clientOptions);
}

async function identity(kind: string | undefined, clientId: string | undefined): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  if (kind?.toLowerCase() === 'managedidentity') {
    return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
  }
  return new DefaultAzureCredential();
}

/** Checks once, at start, that the storage responds. Throws a HostError when it does not. */
export async function checkQueueStorage(client: QueueServiceClient, name: string): Promise<void> {
  try {
    await client.listQueues().byPage({ maxPageSize: 1 }).next();
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    throw new HostError(
      `The storage that ${name} names does not respond at ${new URL(client.url).origin} (${code ?? message}): start Azurite there, or correct ${name}.`,
      { cause },
    );
  }
}
