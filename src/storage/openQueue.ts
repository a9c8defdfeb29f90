import type { QueueClient } from '@azure/storage-queue';
import type { StorageConnection } from '../config/storageConnection.ts';
import { type AzureIdentity, createAzureCredential } from '../identity/azureCredential.ts';

const opened = new Map<string, Promise<QueueClient>>();

/** Resolves with a queue that exists. Creates it on first use, once for each name; tries again after a failure. */
export function openQueue(storage: StorageConnection, identity: AzureIdentity, name: string): Promise<QueueClient> {
  const queue = opened.get(name) ?? open(storage, identity, name);
  opened.set(name, queue);
  queue.catch(() => opened.delete(name));
  return queue;
}

async function open(storage: StorageConnection, identity: AzureIdentity, name: string): Promise<QueueClient> {
  const { QueueClient } = await import('@azure/storage-queue');
  const queue =
    storage.kind === 'connectionString'
      ? new QueueClient(storage.connectionString, name)
      : new QueueClient(
          `${storage.endpoint}/${name}`,
          await createAzureCredential({ ...identity, clientId: storage.clientId }),
        );
  await queue.createIfNotExists();
  return queue;
}
