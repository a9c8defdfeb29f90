import { reconcileSimulation } from '../reconcileSimulation.ts';
import { hasEnded } from '../simulation.ts';
import type { SimulationContext } from '../simulationContext.ts';

const dayMs = 24 * 60 * 60_000;
/** What is left then is for the next time. */
const mostAtOnce = 20;
/** Newest first. */
const mostTended = 100;

/** Resumes what has come to a standstill, and deletes what is older than `retentionDays`. Resolves with how many it deleted. */
export async function pruneSimulations(context: SimulationContext, now: Date, retentionDays: number): Promise<number> {
  await reconcileOpenSimulations(context);
  return removeSimulations(context, new Date(now.getTime() - retentionDays * dayMs));
}

/**
 * An outage that outlasts the five deliveries of each message, or a faulty configuration, leaves a simulation without any. With
 * nobody asking about it, this is what brings it to its end.
 */
export async function reconcileOpenSimulations(context: SimulationContext): Promise<void> {
  const { simulations } = await context.simulations.page(mostTended);
  for (const { id, state, location } of simulations) {
    if (!hasEnded(state) && location === context.location) await reconcileSimulation(id, context);
  }
}

/** A simulation's own row goes last, so that one that was cut short is found again. One that has not ended stays. */
export async function removeSimulations(
  { simulations, batches, outcomes }: Pick<SimulationContext, 'simulations' | 'batches' | 'outcomes'>,
  createdBefore: Date,
): Promise<number> {
  let removed = 0;
  for await (const simulation of simulations.createdBefore(createdBefore)) {
    if (removed === mostAtOnce) break;
    if (!hasEnded(simulation.state)) continue;
    await outcomes.removeAll(simulation.id);
    await batches.removeAll(simulation.id);
    await simulations.remove(simulation);
    removed += 1;
  }
  return removed;
}
