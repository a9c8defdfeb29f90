import { app, type InvocationContext } from '@azure/functions';
import { withSimulationsForQueue } from '../app/withSimulations.ts';

/** One batch of a simulation. Its message is delivered at least once; each device is counted exactly once. */
export async function runSimulationBatch(message: unknown, context: InvocationContext): Promise<void> {
  const { runSimulationTask } = await import('../simulations/worker/runSimulationTask.ts');
  await withSimulationsForQueue(context, (simulations) => runSimulationTask(message, simulations));
}

app.storageQueue('runSimulationBatch', {
  queueName: 'simulation-batches',
  connection: 'AzureWebJobsStorage',
  handler: runSimulationBatch,
});
