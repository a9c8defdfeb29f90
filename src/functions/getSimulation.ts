import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { withSimulations } from '../simulations/withSimulations.ts';

/** Progress of a simulation, and its result when every device has an outcome. */
export async function getSimulation(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const { getSimulation: answer } = await import('../simulations/getSimulation.ts');
  return withSimulations(context, (simulations) => answer(request, simulations));
}

app.http('getSimulation', {
  route: 'simulations/{id}',
  methods: ['GET'],
  authLevel: 'function',
  handler: getSimulation,
});
