import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { withSimulations } from '../simulations/withSimulations.ts';

/** Cancels what has not started. */
export async function cancelSimulation(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const { cancelSimulation: answer } = await import('../simulations/cancelSimulation.ts');
  return withSimulations(context, (simulations) => answer(request, simulations));
}

app.http('cancelSimulation', {
  route: 'simulations/{id}',
  methods: ['DELETE'],
  authLevel: 'function',
  handler: cancelSimulation,
});
