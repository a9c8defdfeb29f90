import { reconcileSimulation } from '../reconcileSimulation.ts';
import { hasEnded } from '../simulation.ts';
import type { SimulationContext } from '../simulationContext.ts';

const dayMs = 24 * 60 * 60_000;
/** Time for one call. The next hourly call continues. */
const defaultBudgetMs = 60_000;
/** Only the newest ones: an older one that has not ended has expired. */
const maxReconciled = 100;

/**
 * Resumes simulations that do not progress, and deletes those older than `retentionDays`. Resolves with the number of deleted simulations.
 * Rejects with the first error after trying all simulations.
 */
export async function pruneSimulations(
  context: SimulationContext,
  now: Date,
  retentionDays: number,
  budgetMs = defaultBudgetMs,
): Promise<number> {
  const signal = AbortSignal.timeout(budgetMs);
  const errors: unknown[] = [];
  await reconcileOpenSimulations(context, signal).catch((error: unknown) => errors.push(error));
  const createdBefore = new Date(now.getTime() - retentionDays * dayMs);
  const removed = await removeSimulations(context, createdBefore, signal).catch((error: unknown) => {
    errors.push(error);
    return 0;
  });
  if (errors.length > 0) throw errors[0];
  return removed;
}

/**
 * A long outage or an invalid configuration can use up all five deliveries of each message, so that a simulation has no message left. If no
 * caller reads it, this makes it continue.
 */
export async function reconcileOpenSimulations(context: SimulationContext, signal?: AbortSignal): Promise<void> {
  const { simulations } = await context.simulations.page(maxReconciled);
  const errors: unknown[] = [];
  for (const { id, state, location } of simulations) {
    if (signal?.aborted) break;
    if (hasEnded(state) || location !== context.location) continue;
    await reconcileSimulation(id, context).catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
}

/**
 * Deletes a simulation's own row last, so that a deletion that was interrupted can be continued. Keeps simulations that have not ended.
 * Rows that another process deletes at the same time are not an error.
 */
export async function removeSimulations(
  { simulations, batches, outcomes }: Pick<SimulationContext, 'simulations' | 'batches' | 'outcomes'>,
  createdBefore: Date,
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0;
  try {
    for await (const simulation of simulations.createdBefore(createdBefore)) {
      if (signal?.aborted) break;
      if (!hasEnded(simulation.state)) continue;
      await outcomes.removeAll(simulation.id, signal);
      await batches.removeAll(simulation.id);
      await simulations.remove(simulation);
      removed += 1;
    }
  } catch (error) {
    // The time is up: the next hourly call continues.
    if (!signal?.aborted) throw error;
  }
  return removed;
}
