import { adapt, type Feedback, isStorm, reserve } from '../pace.ts';
import { expired, isHalted, type Simulation, serviceBudgetPerSecond } from '../simulation.ts';
import type { SimulationContext } from '../simulationContext.ts';

export type Reservation =
  | { readonly kind: 'granted'; readonly startsAtMs: readonly number[]; readonly ratePerSecond: number }
  /** Cancelled, stopped, expired or gone: no further device may start. */
  | { readonly kind: 'halted' };

/**
 * The times at which the next devices of a simulation may start. Every worker asks here, so the rate holds over all instances: first
 * the simulation's own pace, then what the service's limit leaves to all simulations of the ID scope.
 */
export async function reserveStarts(
  { id, idScope, request }: Simulation,
  count: number,
  feedback: Feedback,
  context: SimulationContext,
): Promise<Reservation> {
  const nowMs = Date.now();
  let own: readonly number[] = [];
  const updated = await context.simulations.update(id, (present) => {
    const simulation = expired(applyFeedback(present, feedback, nowMs), nowMs);
    if (isHalted(simulation.state)) return simulation === present ? undefined : simulation;
    const { startsAtMs, nextStartAtMs } = reserve(simulation.pace, count, nowMs);
    own = startsAtMs;
    return { ...simulation, state: 'running', pace: { ...simulation.pace, nextStartAtMs } };
  });
  if (!updated || isHalted(updated.simulation.state)) return { kind: 'halted' };
  const { ratePerSecond } = updated.simulation.pace;
  if (request.allowAboveServiceLimits) return { kind: 'granted', startsAtMs: own, ratePerSecond };

  const budgetPerSecond = serviceBudgetPerSecond(context.probeRunsPerMinute(idScope));
  const shared = await context.simulations.reserveBudget(idScope, budgetPerSecond, count, nowMs);
  return { kind: 'granted', startsAtMs: own.map((startAtMs, i) => Math.max(startAtMs, shared[i] ?? 0)), ratePerSecond };
}

/** Tells all workers, by the simulation's row, what the service has said to this one. */
export async function reportFeedback(id: string, feedback: Feedback, context: SimulationContext): Promise<void> {
  await context.simulations.update(id, (present) => applyFeedback(present, feedback, Date.now()));
}

function applyFeedback(simulation: Simulation, feedback: Feedback, nowMs: number): Simulation {
  const pace = adapt(simulation.pace, simulation.request.ratePerSecond, feedback, nowMs);
  if (!isStorm(pace) || isHalted(simulation.state)) return { ...simulation, pace };
  const { ratePerSecond: asked } = simulation.request;
  const reason =
    `Stopped: the service answered 429 (too many requests) ${pace.throttled} times and let ${pace.accepted} devices in, ` +
    `although the rate had been lowered ${pace.decreases} times, from ${asked} to ${pace.ratePerSecond.toPrecision(2)} a second. ` +
    'Find out who else registers in this ID scope, or ask for a lower ratePerSecond.';
  return { ...simulation, pace, state: 'stopping', haltCause: 'cancelled', reason };
}
