import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { withSimulations } from '../simulations/withSimulations.ts';

/** Accepts a simulation of N devices and says where its progress is. */
export async function startSimulation(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const { startSimulation: answer } = await import('../simulations/startSimulation.ts');
  return withSimulations(context, (simulations) => answer(request, simulations));
}

app.http('startSimulation', {
  route: 'simulations',
  methods: ['POST'],
  authLevel: 'function',
  handler: startSimulation,
});
