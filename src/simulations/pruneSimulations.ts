import type { InvocationContext } from '@azure/functions';
import type { Canary } from '../canary/canary.ts';
import { openSimulations } from './openSimulations.ts';
import type { SimulationContext } from './simulationContext.ts';

const dayMs = 24 * 60 * 60_000;
/** What is left then is for the next time. */
const mostAtOnce = 20;

/** Deletes simulations that are older than the history is kept. Resolves with how many. */
export async function pruneSimulations(canary: Canary, invocation: InvocationContext, now: Date): Promise<number> {
  const context = await openSimulations(canary, invocation);
  if (!context) return 0;
  return removeSimulations(context, new Date(now.getTime() - canary.settings.outcomeRetentionDays * dayMs));
}

/** A simulation's own row goes last, so that one that was cut short is found again. */
export async function removeSimulations(
  { simulations, batches, outcomes }: Pick<SimulationContext, 'simulations' | 'batches' | 'outcomes'>,
  createdBefore: Date,
): Promise<number> {
  let removed = 0;
  for await (const simulation of simulations.createdBefore(createdBefore)) {
    if (removed === mostAtOnce) break;
    await outcomes.removeAll(simulation.id);
    await batches.removeAll(simulation.id);
    await simulations.remove(simulation);
    removed += 1;
  }
  return removed;
}
