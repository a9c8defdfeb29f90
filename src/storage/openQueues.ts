import type { RestError } from '@azure/core-rest-pipeline';
import type { QueueClient } from '@azure/storage-queue';
import type { StorageConnection } from '../config/storageConnection.ts';
import { type AzureIdentity, createAzureCredential } from '../identity/azureCredential.ts';
import { createOnce } from '../identity/createOnce.ts';
import { type CallLimiter, type CallOptions, createCallLimiter } from './callLimit.ts';
import { asQueueError } from './describeStorageError.ts';
import { notStorage } from './onlyAzureStorage.ts';
import { isContainerMissing, orElse } from './storageResponse.ts';

/** Opens the queues of one storage account by name. Connects on the first call. */
export type OpenQueues = (name: string) => Queue;

export interface Queue {
  /** Creates the queue if it is missing. `delaySeconds`: the message becomes visible after this time. */
  send(text: string, options?: SendOptions): Promise<void>;
  /** Rejects when the storage of the queue cannot be used. A queue that is missing is created by the first message. */
  check(options?: CallOptions): Promise<void>;
}

export interface SendOptions extends CallOptions {
  readonly delaySeconds?: number;
}

/** With the library's defaults a call could take 44 s or more. */
const retryOptions = { maxTries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 1000 };

export function openQueues(storage: StorageConnection, identity: AzureIdentity): OpenQueues {
  const queues = new Map<string, Queue>();
  const limit = createCallLimiter();
  const limited: CallLimiter = (options, start) => asQueueError(limit(options, start).catch(refuseOthers));
  return (name) => {
    const queue =
      queues.get(name) ??
      createQueue(
        createOnce(() => connect(storage, identity, name)),
        limited,
      );
    queues.set(name, queue);
    return queue;
  };
}

function createQueue(client: () => Promise<QueueClient>, limited: CallLimiter): Queue {
  return {
    send: (text, { delaySeconds = 0, ...options } = {}) =>
      limited(options, async (abortSignal) => {
        const queue = await client();
        const message = { visibilityTimeout: Math.ceil(delaySeconds), abortSignal };
        try {
          await queue.sendMessage(text, message);
        } catch (error) {
          if (!isContainerMissing(error)) throw error;
          await queue.createIfNotExists({ abortSignal });
          await queue.sendMessage(text, message);
        }
      }),
    check: (options = {}) =>
      limited(options, async (abortSignal) => {
        const queue = await client();
        const properties = await orElse([isContainerMissing], 'missing' as const, () =>
          queue.getProperties({ abortSignal }),
        );
        if (properties === 'missing' || properties.requestId !== undefined) return;
        throw notStorage(200, new URL(queue.url).hostname);
      }),
  };
}

/** The client library accepts the error response of any server; see `onlyAzureStorage`. */
function refuseOthers(error: unknown): never {
  const { statusCode, response, request } = error as Partial<RestError>;
  const isOther = statusCode !== undefined && statusCode < 500 && response?.headers.has('x-ms-request-id') === false;
  throw isOther ? notStorage(statusCode, URL.parse(request?.url ?? '')?.hostname ?? 'its address') : error;
}

async function connect(storage: StorageConnection, identity: AzureIdentity, name: string): Promise<QueueClient> {
  const { QueueClient } = await import('@azure/storage-queue');
  if (storage.kind === 'connectionString') return new QueueClient(storage.connectionString, name, { retryOptions });
  const credential = await createAzureCredential({ ...identity, clientId: storage.clientId });
  return new QueueClient(`${storage.endpoint}/${name}`, credential, { retryOptions });
}
