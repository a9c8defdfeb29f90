import { app, type InvocationContext } from '@azure/functions';
import { withSimulationsForQueue } from '../app/withSimulations.ts';

/** A slice of a simulation. Delivered at least once; each device is counted once all the same. */
export async function runSimulationBatch(message: unknown, context: InvocationContext): Promise<void> {
  const { runSimulationTask } = await import('../simulations/worker/runSimulationTask.ts');
  await withSimulationsForQueue(context, (simulations) => runSimulationTask(message, simulations));
}

app.storageQueue('runSimulationBatch', {
  queueName: 'simulation-batches',
  connection: 'AzureWebJobsStorage',
  handler: runSimulationBatch,
});
