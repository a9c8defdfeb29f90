import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { json, problem } from '../http/problem.ts';
import { noSuchSimulation } from './getSimulation.ts';
import { reconcileSimulation } from './reconcileSimulation.ts';
import { hasEnded } from './simulation.ts';
import type { SimulationContext } from './simulationContext.ts';
import { viewSimulation } from './simulationView.ts';
import { retryAfterSeconds } from './startSimulation.ts';
import { cancelled } from './worker/reserveStarts.ts';

/**
 * `DELETE /api/simulations/{id}`: no further device starts, those under way come to their end, and what never started is written down
 * as not run. 202 until all have their outcome, 200 after; 409 for one that had ended in another way.
 */
export async function cancelSimulation(request: HttpRequest, context: SimulationContext): Promise<HttpResponseInit> {
  const id = request.params.id ?? '';
  const updated = await context.simulations.update(id, (present) => {
    const changed = cancelled(present);
    return changed === present ? undefined : changed;
  });
  if (!updated) return problem(noSuchSimulation);
  const simulation = (await reconcileSimulation(id, context)) ?? updated.simulation;
  if (simulation.state === 'finished' || simulation.state === 'stopped') {
    return problem({
      status: 409,
      title: 'The simulation has ended',
      detail: `It is ${simulation.state}: there is nothing left to cancel.`,
    });
  }
  const view = await viewSimulation(simulation, context);
  return hasEnded(simulation.state)
    ? json(view, { status: 200 })
    : json(view, { status: 202, headers: { 'retry-after': String(retryAfterSeconds) } });
}
