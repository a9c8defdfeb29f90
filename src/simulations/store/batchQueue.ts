import * as z from 'zod';
import type { Queue } from '../../storage/openQueues.ts';

/**
 * What a message in the queue asks for. Its fields are named so that none can be taken for the trigger's own metadata (`id`,
 * `dequeueCount`, …), which the host overwrites with a body's fields of the same name.
 */
const taskSchema = z.discriminatedUnion('work', [
  /** Run this batch. */
  z.strictObject({ work: z.literal('batch'), simulationId: z.string(), batchNumber: z.int().nonnegative() }),
  /** See to it that the simulation goes on; sent again until it has ended. */
  z.strictObject({ work: z.literal('watch'), simulationId: z.string() }),
]);

export type SimulationTask = z.infer<typeof taskSchema>;

/** Host and client both speak plain text (`messageEncoding: none`). The bindings name it too. */
export const batchQueueName = 'simulation-batches';

export interface BatchQueue {
  /** `delaySeconds`: not to be seen before. */
  send(task: SimulationTask, delaySeconds?: number): Promise<void>;
}

export function createBatchQueue(queue: Queue): BatchQueue {
  return {
    async send(task, delaySeconds = 0) {
      await queue.send(JSON.stringify(task), { delaySeconds });
    },
  };
}

/** Undefined: not a message of ours. The host hands over JSON as an object already. */
export function parseTask(message: unknown): SimulationTask | undefined {
  const parsed = taskSchema.safeParse(message);
  return parsed.success ? parsed.data : undefined;
}
