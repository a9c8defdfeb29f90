import { app, type InvocationContext } from '@azure/functions';
import { withSimulationsForQueue } from '../app/withSimulations.ts';

/** A batch that failed on every delivery: its devices are recorded as not run, with the reason. */
export async function failSimulationBatch(message: unknown, context: InvocationContext): Promise<void> {
  const { failSimulationTask } = await import('../simulations/worker/runSimulationTask.ts');
  await withSimulationsForQueue(context, (simulations) => failSimulationTask(message, simulations));
}

app.storageQueue('failSimulationBatch', {
  queueName: 'simulation-batches-poison',
  connection: 'AzureWebJobsStorage',
  handler: failSimulationBatch,
});
