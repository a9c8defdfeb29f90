import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { json, type Problem, problem } from '../http/problem.ts';
import { reconcileSimulation } from './reconcileSimulation.ts';
import { hasEnded } from './simulation.ts';
import type { SimulationContext } from './simulationContext.ts';
import { viewSimulation } from './simulationView.ts';
import { retryAfterSeconds } from './startSimulation.ts';

/** `GET /api/simulations/{id}`: 202 while devices are without an outcome, 200 when all have one. Looking moves it on where it is stuck. */
export async function getSimulation(request: HttpRequest, context: SimulationContext): Promise<HttpResponseInit> {
  const simulation = await reconcileSimulation(request.params.id ?? '', context);
  if (!simulation) return problem(noSuchSimulation);
  const view = await viewSimulation(simulation, context);
  return hasEnded(simulation.state)
    ? json(view, { status: 200 })
    : json(view, { status: 202, headers: { 'retry-after': String(retryAfterSeconds) } });
}

export const noSuchSimulation: Problem = {
  status: 404,
  title: 'There is no such simulation',
  detail: 'Either it never was, or it is older than what is kept.',
};
