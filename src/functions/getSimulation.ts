import { app, type HttpResponseInit } from '@azure/functions';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { noSuchSimulation, progressResponse, withSimulation } from '../app/withSimulations.ts';

/**
 * Progress of a simulation: 202 until every device has an outcome, then 200. Reading it also resumes any step that a crashed worker left
 * unfinished; HEAD only reads.
 */
export async function getSimulation({ request, invocation }: Call): Promise<HttpResponseInit> {
  return withSimulation(request, invocation, async (id, context) => {
    const { reconcileSimulation } = await import('../simulations/reconcileSimulation.ts');
    const simulation =
      request.method === 'HEAD' ? await context.simulations.read(id) : await reconcileSimulation(id, context);
    return simulation ? progressResponse(simulation, context) : noSuchSimulation(id);
  });
}

app.http(
  'getSimulation',
  httpRoute({ route: 'simulations/{id}', methods: ['GET'], authLevel: 'function', handler: getSimulation }),
);
