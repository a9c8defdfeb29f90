import { reconcileSimulation } from '../reconcileSimulation.ts';
import { batchCount, batchOf, hasEnded } from '../simulation.ts';
import type { SimulationContext } from '../simulationContext.ts';
import { parseTask } from '../store/batchQueue.ts';
import { claimBatch, holding } from './claimBatch.ts';
import { finishBatch } from './finishBatch.ts';
import { runBatch } from './runBatch.ts';

/** One message of the queue. Rejects when storage does not answer: the host delivers again, and after five times to the poison queue. */
export async function runSimulationTask(message: unknown, context: SimulationContext): Promise<void> {
  const task = parseTask(message);
  if (!task) {
    // Nobody can make sense of it next time either. Whose batch it was is found by its age.
    context.log({ level: 'error', event: 'simulationMessageNotUnderstood' });
    return;
  }
  if (task.work === 'batch') return runBatch(task.simulationId, task.batchNumber, context);
  await watch(task.simulationId, context);
}

/** Looks after a simulation that nobody asks about, until it has ended. */
async function watch(simulationId: string, context: SimulationContext): Promise<void> {
  const simulation = await reconcileSimulation(simulationId, context);
  if (!simulation || hasEnded(simulation.state)) return;
  await context.queue.send({ work: 'watch', simulationId }, context.limits.watchEverySeconds);
}

/** One message of the poison queue: its batch failed five times, and its devices that never ran are written down as such. */
export async function failSimulationTask(message: unknown, context: SimulationContext): Promise<void> {
  const task = parseTask(message);
  if (!task) {
    context.log({ level: 'error', event: 'simulationMessageNotUnderstood' });
    return;
  }
  if (task.work === 'watch') return watch(task.simulationId, context);

  const { simulationId, batchNumber } = task;
  const simulation = await context.simulations.read(simulationId);
  if (!simulation || hasEnded(simulation.state) || batchNumber >= batchCount(simulation)) return;
  const before = await context.batches.read(simulationId, batchNumber);
  const claim = await claimBatch(context.batches, simulationId, batchNumber, context.limits.leaseMs);
  // Taken: a worker runs it at this moment, so it is not beyond help.
  if (claim.kind === 'claimed') {
    const why = before?.lastError ? `: ${before.lastError}` : '';
    const notRun = {
      cause: 'neverRun',
      message: `not run: the batch failed each time that it was tried${why}`,
    } as const;
    const { lease } = claim;
    await holding(lease, () => finishBatch(simulation, batchOf(simulation, batchNumber), lease, notRun, context));
    context.log({
      level: 'error',
      event: 'simulationBatchNeverRun',
      simulationId,
      batchNumber,
      lastError: before?.lastError,
    });
  }
  await reconcileSimulation(simulationId, context);
}
