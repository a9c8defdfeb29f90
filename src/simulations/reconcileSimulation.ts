import {
  batchCount,
  batchesUnderWay,
  batchOf,
  type EndedState,
  expired,
  hasEnded,
  isHalted,
  type Simulation,
} from './simulation.ts';
import type { SimulationContext } from './simulationContext.ts';
import { reportOf } from './simulationReport.ts';
import type { BatchState } from './store/batchStore.ts';
import { claimBatch, holding } from './worker/claimBatch.ts';
import { finishBatch, haltReason } from './worker/finishBatch.ts';

/** Batches that one call ends by itself, when a simulation is halted: a request must not wait for thousands of rows. */
const endedInOneCall = 2;

/**
 * Moves a simulation on: queues the next batches, queues again what was lost, and ends it when every batch is done. Whoever has a
 * reason to look calls it (a batch that ends, a progress request, the watch message), and any number may at the same time: what one
 * process left undone when it died, the next call does.
 */
export async function reconcileSimulation(
  id: string,
  context: SimulationContext,
  change: (simulation: Simulation) => Simulation = (present) => present,
): Promise<Simulation | undefined> {
  const updated = await context.simulations.update(id, (present) => {
    const simulation = expired(change(present), Date.now());
    return simulation === present ? undefined : simulation;
  });
  const simulation = updated?.simulation;
  if (!simulation || hasEnded(simulation.state)) return simulation;
  // Batches of another location are messages in that location's queue.
  if (simulation.location !== context.location) return simulation;

  const batches = await context.batches.list(id);
  if (isHalted(simulation.state)) await endHalted(simulation, batches, context);
  await queueNext(simulation, batches, context);
  await queueLost(simulation, batches, context);
  return endWhenDone(simulation, context);
}

/** Also when nobody works the queue off: a simulation that was halted comes to its end by being looked at. */
async function endHalted(
  simulation: Simulation,
  batches: readonly BatchState[],
  context: SimulationContext,
): Promise<void> {
  const done = new Set(batches.filter(({ state }) => state === 'done').map(({ number }) => number));
  const numbers = Array.from({ length: batchCount(simulation) }, (_, number) => number).filter((n) => !done.has(n));
  for (const number of numbers.slice(0, endedInOneCall)) {
    const claim = await claimBatch(context.batches, simulation.id, number, context.limits.leaseMs);
    if (claim.kind !== 'claimed') continue;
    const { lease } = claim;
    await holding(lease, () =>
      finishBatch(simulation, batchOf(simulation, number), lease, haltReason(simulation), context),
    );
  }
}

/** The row comes first: a batch that has a row and no message is found again by its age. */
async function queueNext(
  simulation: Simulation,
  batches: readonly BatchState[],
  context: SimulationContext,
): Promise<void> {
  const { id, request, batchSize } = simulation;
  const wanted = batchesUnderWay(request.ratePerSecond, batchSize);
  let underWay = batches.filter(({ state }) => state !== 'done').length;
  const known = new Set(batches.map(({ number }) => number));
  for (let number = 0; number < batchCount(simulation) && underWay < wanted; number += 1) {
    if (known.has(number)) continue;
    const batch: BatchState = { number, state: 'queued', queuedAtMs: Date.now(), leaseUntilMs: 0, claims: 0 };
    if (await context.batches.insert(id, batch))
      await context.queue.send({ work: 'batch', simulationId: id, batchNumber: number });
    underWay += 1;
  }
}

/** A batch whose worker died, or whose message nobody has seen. Queued once too often does no harm. */
async function queueLost(
  simulation: Simulation,
  batches: readonly BatchState[],
  context: SimulationContext,
): Promise<void> {
  const { leaseMs, resendAfterMs } = context.limits;
  const isLost = ({ state, leaseUntilMs, queuedAtMs }: BatchState) => {
    const now = Date.now();
    if (state === 'running') return leaseUntilMs < now && queuedAtMs + leaseMs < now;
    return state === 'queued' && queuedAtMs + resendAfterMs < now;
  };
  for (const { number } of batches.filter(isLost)) {
    const { changed } = await context.batches.update(simulation.id, number, (present) =>
      present && isLost(present) ? { ...present, queuedAtMs: Date.now() } : undefined,
    );
    if (changed) await context.queue.send({ work: 'batch', simulationId: simulation.id, batchNumber: number });
  }
}

async function endWhenDone(simulation: Simulation, context: SimulationContext): Promise<Simulation> {
  const { id } = simulation;
  const batches = await context.batches.list(id);
  if (batches.length < batchCount(simulation) || batches.some(({ state }) => state !== 'done')) return simulation;

  const report = await reportOf(context.batches.summaries(id), Date.parse(simulation.createdAt));
  const updated = await context.simulations.update(id, (present) =>
    hasEnded(present.state)
      ? undefined
      : { ...present, state: endState(present), endedAt: new Date().toISOString(), report },
  );
  if (!updated) return simulation;
  if (updated.changed) logEnd(updated.simulation, context);
  return updated.simulation;
}

function endState({ state }: Simulation): EndedState {
  switch (state) {
    case 'cancelling':
      return 'cancelled';
    case 'stopping':
      return 'stopped';
    default:
      return 'finished';
  }
}

/** One line for the whole simulation: its devices do not enter history and telemetry one by one. */
function logEnd(
  { id, request, state, reason, createdAt, endedAt, pace, report }: Simulation,
  context: SimulationContext,
): void {
  context.log({
    level: 'info',
    event: 'simulationEnded',
    simulationId: id,
    probe: request.probe,
    devices: request.devices,
    state,
    reason,
    createdAt,
    endedAt,
    verdicts: report?.verdicts,
    devicesPerSecond: report?.devicesPerSecond,
    totalMs: report?.percentiles.total,
    reasons: report?.reasons.map(({ verdict, reason: code, count }) => ({ verdict, reason: code, count })),
    hubs: report?.hubs,
    throttled: pace.throttledInAll,
  });
}
