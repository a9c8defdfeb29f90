import { reconcileSimulation } from '../reconcileSimulation.ts';
import { hasEnded } from '../simulation.ts';
import type { SimulationContext } from '../simulationContext.ts';

const dayMs = 24 * 60 * 60_000;
/** Of one call. What is left is for the next hour. */
const defaultBudgetMs = 60_000;
/** The newest: an older one that has not ended has expired. */
const maxReconciled = 100;

/**
 * Resumes what has come to a standstill, and deletes what is older than `retentionDays`. Resolves with how many simulations it deleted,
 * and rejects with the first error once every other simulation has had its try.
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
 * An outage that outlasts the five deliveries of each message, or a configuration that is not valid, leaves a simulation without any.
 * Where no caller reads it, this is what brings it to its end.
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
 * A simulation's own row goes last, so that one that was cut short is found again. One that has not ended stays. Rows that another
 * process deletes at the same time are no error.
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
    // Out of time in the middle of one: the next hour goes on with it.
    if (!signal?.aborted) throw error;
  }
  return removed;
}
