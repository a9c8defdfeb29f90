import { app, type HttpResponseInit } from '@azure/functions';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { noSuchSimulation, progressResponse, withSimulation } from '../app/withSimulations.ts';
import { problem } from '../http/problem.ts';

/**
 * Cancels what has not started; running devices end, and the rest is counted as cancelled. 202 until every device has its outcome,
 * 200 after; 409 for a simulation that had ended in another way.
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
      const detail = `It is ${simulation.state}: there is nothing left to cancel.`;
      return problem({ status: 409, title: 'The simulation has ended', detail });
    }
    return progressResponse(simulation, context);
  });
}

app.http(
  'cancelSimulation',
  httpRoute({ route: 'simulations/{id}', methods: ['DELETE'], authLevel: 'function', handler: cancelSimulation }),
);
