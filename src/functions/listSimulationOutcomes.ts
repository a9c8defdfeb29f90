import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { withSimulations } from '../simulations/withSimulations.ts';

/** The devices of a simulation, a page at a time, those that failed first. */
export async function listSimulationOutcomes(
  request: HttpRequest,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  const { listSimulationOutcomes: answer } = await import('../simulations/listSimulationOutcomes.ts');
  return withSimulations(context, (simulations) => answer(request, simulations));
}

app.http('listSimulationOutcomes', {
  route: 'simulations/{id}/outcomes',
  methods: ['GET'],
  authLevel: 'function',
  handler: listSimulationOutcomes,
});
