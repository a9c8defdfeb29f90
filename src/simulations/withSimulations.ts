import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { services } from '../app/services.ts';
import { withServices } from '../app/withServices.ts';
import { formatErrors } from '../config/configurationErrors.ts';
import { problem } from '../http/problem.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';
import type { SimulationContext } from './simulationContext.ts';

/** For HTTP functions: answers with what simulations work with, or says what is missing. */
export function withSimulations(
  invocation: InvocationContext,
  answer: (context: SimulationContext) => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  return withServices(async (configured) => {
    const { openSimulations } = await import('./store/openSimulations.ts');
    try {
      const context = await openSimulations(configured, invocation);
      return context ? await answer(context) : noStorage;
    } catch (error) {
      // Told by its shape: the client library is not loaded for this.
      if (!(error instanceof Error && error.name === 'RestError')) throw error;
      return problem({ status: 503, title: 'Simulations cannot be kept', detail: describeStorageError(error) });
    }
  });
}

const noStorage = problem({
  status: 503,
  title: 'Simulations need storage',
  detail: 'Set AzureWebJobsStorage: batches wait in its queue, and outcomes in its tables.',
});

/** For queue functions. Throws where it cannot work, so that the message comes back. */
export async function withSimulationsForQueue(
  invocation: InvocationContext,
  work: (context: SimulationContext) => Promise<void>,
): Promise<void> {
  const configured = services();
  if (configured.kind === 'misconfigured') {
    throw new Error(`no batch runs, the configuration has faults:\n${formatErrors(configured.errors)}`);
  }
  const { openSimulations } = await import('./store/openSimulations.ts');
  const context = await openSimulations(configured.services, invocation);
  if (!context) throw new Error('no batch runs without storage: set AzureWebJobsStorage');
  await work(context);
}
