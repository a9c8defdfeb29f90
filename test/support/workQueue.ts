import type { QueueClient } from '@azure/storage-queue';
import type { SimulationContext } from '../../src/simulations/simulationContext.ts';
import { failSimulationTask, runSimulationTask } from '../../src/simulations/worker/runSimulationTask.ts';

export interface WorkOptions {
  readonly signal: AbortSignal;
  /** A message whose worker has died is delivered again after this time. */
  readonly visibilitySeconds?: number;
  readonly maxDequeueCount?: number;
}

/**
 * Handles one message after the other, as the Functions host does with `batchSize` 1: deleted when handled, poison after too many tries.
 */
export async function workQueue(queue: QueueClient, context: SimulationContext, options: WorkOptions): Promise<void> {
  const { signal, visibilitySeconds = 30, maxDequeueCount = 5 } = options;
  while (!signal.aborted) {
    const { receivedMessageItems } = await queue.receiveMessages({ visibilityTimeout: visibilitySeconds });
    const [message] = receivedMessageItems;
    if (!message) {
      await new Promise((resume) => setTimeout(resume, 20));
      continue;
    }
    try {
      await runSimulationTask(asTheHostHandsItOver(message.messageText), context);
    } catch {
      if (message.dequeueCount < maxDequeueCount) {
        await queue.updateMessage(message.messageId, message.popReceipt, message.messageText, 0);
        continue;
      }
      await failSimulationTask(asTheHostHandsItOver(message.messageText), context);
    }
    await queue.deleteMessage(message.messageId, message.popReceipt).catch(() => undefined);
  }
}

/** Parsed if it is JSON. */
function asTheHostHandsItOver(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
