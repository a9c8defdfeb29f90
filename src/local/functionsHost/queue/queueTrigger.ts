/** Functions with a `queueTrigger`: polling, with a limit of concurrent messages. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DequeuedMessageItem, QueueClient, QueueServiceClient } from '@azure/storage-queue';
import { z } from 'zod';
import { type Environment, resolveSetting } from '../appSettings.ts';
import type { BindingInfo } from '../coreTypes.ts';
import type { HostLogEntry } from '../hostLog.ts';
import { type InvokeQueueFunction, type QueueListenerOptions, QueueMessageHandler } from './queueMessageHandler.ts';

const bindingSchema = z.object({ queueName: z.string(), connection: z.string().default('AzureWebJobsStorage') });

export interface QueueFunction {
  readonly name: string;
  readonly queueName: string;
  /** Name of the connection's setting; default: the host's own storage. */
  readonly connection: string;
}

/** Throws a HostError for a missing setting. */
export function parseQueueTrigger(binding: BindingInfo, name: string, environment: Environment): QueueFunction {
  const { queueName, connection } = bindingSchema.parse(binding);
  return {
    name,
    queueName: resolveSetting(queueName, environment, name),
    connection: resolveSetting(connection || 'AzureWebJobsStorage', environment, name),
  };
}

const shortestPollMs = 100;
const poisonSuffix = '-poison';

/** Calls one function for each message of a queue, until it is stopped. */
export class QueueListener {
  readonly #queue: QueueClient;
  readonly #options: QueueListenerOptions;
  readonly #handler: QueueMessageHandler;
  readonly #log: (entry: HostLogEntry) => void;
  readonly #inWork = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #polling: Promise<void> = Promise.resolve();
  #isUnreachable = false;

  constructor(
    target: QueueFunction,
    service: QueueServiceClient,
    options: QueueListenerOptions,
    invoke: InvokeQueueFunction,
    log: (entry: HostLogEntry) => void,
  ) {
    this.#queue = service.getQueueClient(target.queueName);
    this.#options = options;
    this.#log = log;
    // As in the real host, a poison queue has no poison queue.
    const poisonQueue = target.queueName.endsWith(poisonSuffix)
      ? undefined
      : service.getQueueClient(`${target.queueName}${poisonSuffix}`);
    this.#handler = new QueueMessageHandler(this.#queue, poisonQueue, options, invoke, log);
  }

  start(): void {
    this.#polling = this.#poll();
  }

  /** Fetches no more messages; running handlers finish. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#polling;
  }

  /** Resolves when the last message is deleted, released or in the poison queue. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#inWork);
  }

  async #poll(): Promise<void> {
    const { batchSize, newBatchThreshold, maxPollingIntervalMs } = this.#options.queues;
    let pauseMs = shortestPollMs;
    while (!this.#stopping.signal.aborted) {
      if (this.#inWork.size > newBatchThreshold) {
        await this.#oneIsDone();
        continue;
      }
      const messages = await this.#fetch(batchSize);
      for (const message of messages) this.#begin(message);
      if (messages.length > 0) {
        pauseMs = shortestPollMs;
        continue;
      }
      await delay(Math.min(pauseMs, maxPollingIntervalMs), undefined, { signal: this.#stopping.signal }).catch(
        () => undefined,
      );
      // Random, so that several workers do not poll at the same time.
      pauseMs = Math.min(pauseMs * (1.5 + Math.random()), Math.max(maxPollingIntervalMs, shortestPollMs));
    }
  }

  async #oneIsDone(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.#stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([...this.#inWork, stopped]);
  }

  /** Never aborted: a message fetched by an aborted request would be hidden from all workers for its whole lease. */
  async #fetch(numberOfMessages: number): Promise<readonly DequeuedMessageItem[]> {
    try {
      const visibilityTimeout = this.#options.leaseSeconds;
      const { receivedMessageItems } = await this.#queue.receiveMessages({ numberOfMessages, visibilityTimeout });
      if (this.#isUnreachable) this.#report('information', 'responds again.');
      this.#isUnreachable = false;
      return receivedMessageItems;
    } catch (error) {
      const { statusCode, code, message } = error as { statusCode?: number; code?: string; message: string };
      // A queue that does not exist yet counts as empty, as in the real host.
      if (statusCode !== 404 && !this.#isUnreachable) {
        this.#isUnreachable = true;
        this.#report('error', `does not respond (${code ?? message}); polling until it does.`);
      }
      return [];
    }
  }

  #report(level: HostLogEntry['level'], sentence: string): void {
    this.#log({ level, category: 'Host.Triggers.Queue', message: `The queue ${this.#queue.name} ${sentence}` });
  }

  #begin(message: DequeuedMessageItem): void {
    const work = this.#handler.handle(message).finally(() => this.#inWork.delete(work));
    this.#inWork.add(work);
  }
}
