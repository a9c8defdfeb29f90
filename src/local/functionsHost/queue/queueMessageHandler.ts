/** Handles one fetched message: it is run and deleted, hidden for another attempt, or moved to the poison queue. */
import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { QueueOptions } from '../hostConfig.ts';
import type { HostLogEntry } from '../hostLog.ts';
import type { InvocationResult, Trigger } from '../invocation.ts';
import { decodeMessage, toTriggerMetadata } from './queueMessage.ts';

export interface QueueListenerOptions {
  readonly queues: QueueOptions;
  /** How long a fetched message stays hidden from other workers. It is renewed at half of this time. */
  readonly leaseSeconds: number;
}

export type InvokeQueueFunction = (trigger: Omit<Trigger, 'bindingName'>) => Promise<InvocationResult>;

export class QueueMessageHandler {
  readonly #queue: QueueClient;
  /** Undefined for a poison queue: a message that fails there becomes visible again for ever. */
  readonly #poisonQueue: QueueClient | undefined;
  readonly #options: QueueListenerOptions;
  readonly #invoke: InvokeQueueFunction;
  readonly #log: (entry: HostLogEntry) => void;

  constructor(
    queue: QueueClient,
    poisonQueue: QueueClient | undefined,
    options: QueueListenerOptions,
    invoke: InvokeQueueFunction,
    log: (entry: HostLogEntry) => void,
  ) {
    this.#queue = queue;
    this.#poisonQueue = poisonQueue;
    this.#options = options;
    this.#invoke = invoke;
    this.#log = log;
  }

  /** Never rejects: when the storage fails, the message becomes visible again. */
  async handle(message: DequeuedMessageItem): Promise<void> {
    try {
      await this.#handle(message);
    } catch (error) {
      const { code, message: reason } = error as { code?: string; message: string };
      this.#warn(
        `Message ${message.messageId} of the queue ${this.#queue.name} could not be settled (${code ?? reason}).`,
      );
    }
  }

  async #handle(message: DequeuedMessageItem): Promise<void> {
    const { maxDequeueCount, messageEncoding, visibilityTimeoutMs } = this.#options.queues;
    const text = decodeMessage(message.messageText, messageEncoding);
    if (text === undefined) {
      await this.#moveToPoison(
        message,
        message.popReceipt,
        `Message is not encoded as ${messageEncoding}, which host.json requires.`,
      );
      return;
    }
    const isTriedEnough = `Message has reached MaxDequeueCount of ${maxDequeueCount}.`;
    // After a worker died in the last attempt, the count is already above the limit.
    if (this.#poisonQueue && message.dequeueCount > maxDequeueCount) {
      await this.#moveToPoison(message, message.popReceipt, isTriedEnough);
      return;
    }
    const lease = new MessageLease(this.#queue, message, this.#options.leaseSeconds);
    const result = await this.#invoke({
      data: { string: text },
      metadata: toTriggerMetadata(message, text),
      reason: `New queue message detected on '${this.#queue.name}'.`,
    });
    const popReceipt = await lease.end();
    if (result.kind === 'succeeded') {
      await this.#queue.deleteMessage(message.messageId, popReceipt);
    } else if (!this.#poisonQueue) {
      this.#warn(
        `Message ${message.messageId} of the queue ${this.#queue.name} failed; it becomes visible again when its lease expires.`,
      );
    } else if (message.dequeueCount >= maxDequeueCount) {
      await this.#moveToPoison(message, popReceipt, isTriedEnough);
    } else {
      // Without a text the content is unchanged.
      await this.#queue.updateMessage(message.messageId, popReceipt, undefined, Math.round(visibilityTimeoutMs / 1000));
    }
  }

  async #moveToPoison(message: DequeuedMessageItem, popReceipt: string, reason: string): Promise<void> {
    if (!this.#poisonQueue) return;
    this.#warn(`${reason} Moving message to queue '${this.#poisonQueue.name}'.`);
    await this.#poisonQueue.createIfNotExists();
    // -1: a poison message never expires.
    await this.#poisonQueue.sendMessage(message.messageText, { messageTimeToLive: -1 });
    await this.#queue.deleteMessage(message.messageId, popReceipt);
  }

  #warn(message: string): void {
    this.#log({ level: 'warning', category: 'Host.Triggers.Queue', message });
  }
}

/** Keeps a message hidden from other workers while its handler runs. */
class MessageLease {
  readonly #queue: QueueClient;
  readonly #messageId: string;
  readonly #seconds: number;
  readonly #timer: NodeJS.Timeout;
  /** Each renewal returns a new receipt, and only the newest one can settle the message. */
  #popReceipt: string;
  #renewal: Promise<void> = Promise.resolve();

  constructor(queue: QueueClient, message: DequeuedMessageItem, seconds: number) {
    this.#queue = queue;
    this.#messageId = message.messageId;
    this.#popReceipt = message.popReceipt;
    this.#seconds = seconds;
    this.#timer = setInterval(
      () => {
        this.#renewal = this.#renewal.then(() => this.#renew());
      },
      (seconds * 1000) / 2,
    );
  }

  async end(): Promise<string> {
    clearInterval(this.#timer);
    await this.#renewal;
    return this.#popReceipt;
  }

  async #renew(): Promise<void> {
    try {
      const renewed = await this.#queue.updateMessage(this.#messageId, this.#popReceipt, undefined, this.#seconds);
      this.#popReceipt = renewed.popReceipt ?? this.#popReceipt;
    } catch {
      // The next renewal tries again. If all fail, another worker receives the message, and settling it here is refused.
    }
  }
}
