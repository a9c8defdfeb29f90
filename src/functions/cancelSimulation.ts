import { app, type HttpResponseInit } from '@azure/functions';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { noSuchSimulation, progressResponse, withSimulation } from '../app/withSimulations.ts';
import { problem } from '../http/problem.ts';

/**
 * Cancels the devices that have not started; running ones finish. 202 until every device has its outcome, then 200; 409 for a simulation
 * that has already ended in another way.
 */
export async function cancelSimulation({ request, invocation }: Call): Promise<HttpResponseInit> {
  return withSimulation(request, invocation, async (id, context) => {
    const [{ reconcileSimulation }, { cancelled }] = await Promise.all([
      import('../simulations/reconcileSimulation.ts'),
      import('../simulations/simulation.ts'),
    ]);
    const simulation = await reconcileSimulation(id, context, cancelled);
    if (!simulation) return noSuchSimulation(id);
    if (simulation.state === 'finished' || simulation.state === 'stopped') {
      const detail = `It is ${simulation.state}, so there is nothing to cancel.`;
      return problem({ status: 409, title: 'The simulation has ended', detail });
    }
    return progressResponse(simulation, context);
  });
}

app.http(
  'cancelSimulation',
  httpRoute({ route: 'simulations/{id}', methods: ['DELETE'], authLevel: 'function', handler: cancelSimulation }),
);
