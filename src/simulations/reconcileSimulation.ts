import {
  type Batch,
  batchCount,
  batchesInProgress,
  batchOf,
  ended,
  expired,
  hasEnded,
  isHalted,
  type Simulation,
} from './simulation.ts';
import type { SimulationContext } from './simulationContext.ts';
import { reportOf } from './simulationView.ts';
import type { BatchState, StoredBatch } from './store/batchStore.ts';
import { claimBatch, isHeld, withLease } from './worker/claimBatch.ts';
import { finishBatch, haltReason } from './worker/finishBatch.ts';

/** Batches of a halted simulation that one call finishes: a request must not wait for thousands of rows. */
const finishedInOneCall = 2;

type ListedBatch = Omit<StoredBatch, 'etag'>;

/**
 * Brings a simulation up to date: applies `change`, queues the next batches, queues lost ones again, and ends the simulation when every
 * batch is done. Concurrent calls are safe: a worker at the end of a batch, a progress request, the watch message. A later call does what a
 * crashed process left undone. Undefined: the simulation does not exist.
 */
export async function reconcileSimulation(
  id: string,
  context: SimulationContext,
  change: (simulation: Simulation) => Simulation = (present) => present,
): Promise<Simulation | undefined> {
  const updated = await context.simulations.update(id, (present, nowMs) => expired(change(present), nowMs));
  const simulation = updated?.simulation;
  if (!simulation || hasEnded(simulation.state)) return simulation;
  // The batches of another location are in that location's queue.
  if (simulation.location !== context.location) return simulation;

  const batches = await context.batches.list(id, context.simulations.now());
  const done = new Set(batches.filter(({ batch }) => batch.state === 'done').map(({ batch }) => batch.number));
  if (isHalted(simulation.state)) {
    for (const number of await finishHalted(simulation, done, context)) done.add(number);
  } else {
    await queueNext(simulation, batches, context);
  }
  await queueLost(simulation, batches, context);
  return done.size < batchCount(simulation) ? simulation : end(simulation, context);
}

/**
 * Finishes batches of a halted simulation, so that it ends even if no worker receives messages. Returns the batches that are done by now.
 */
async function finishHalted(
  simulation: Simulation,
  done: ReadonlySet<number>,
  context: SimulationContext,
): Promise<readonly number[]> {
  const left = Array.from({ length: batchCount(simulation) }, (_, number) => number).filter((n) => !done.has(n));
  const finished: number[] = [];
  for (const number of left.slice(0, finishedInOneCall)) {
    const claim = await claimBatch(context.batches, simulation.id, number, context.limits.leaseMs);
    if (claim.kind === 'done') finished.push(number);
    if (claim.kind !== 'claimed') continue;
    const batch: Batch = batchOf(simulation, number);
    await withLease(claim.lease, () => finishBatch(simulation, batch, claim, haltReason(simulation), context));
    finished.push(number);
  }
  return finished;
}

/** Inserts the row before sending the message: a batch with a row but no message is found again by its age. */
async function queueNext(
  simulation: Simulation,
  batches: readonly ListedBatch[],
  context: SimulationContext,
): Promise<void> {
  const { id, request, batchSize } = simulation;
  const wanted = batchesInProgress(request.ratePerSecond, batchSize);
  let inProgress = batches.filter(({ batch }) => batch.state !== 'done').length;
  const known = new Set(batches.map(({ batch }) => batch.number));
  for (let number = 0; number < batchCount(simulation) && inProgress < wanted; number += 1) {
    if (known.has(number)) continue;
    const batch: BatchState = { number, state: 'queued', claims: 0 };
    if (await context.batches.insert(id, batch))
      await context.queue.send({ work: 'batch', simulationId: id, batchNumber: number });
    inProgress += 1;
  }
}

/** Queues batches again whose worker died or whose message was lost. An extra message does no harm. */
async function queueLost(
  simulation: Simulation,
  batches: readonly ListedBatch[],
  context: SimulationContext,
): Promise<void> {
  const { leaseMs, resendAfterMs } = context.limits;
  const isLost = (listed: ListedBatch): boolean => {
    const { state } = listed.batch;
    if (state === 'running') return !isHeld(listed, leaseMs);
    return state === 'queued' && listed.ageMs > resendAfterMs;
  };
  for (const { batch } of batches.filter(isLost)) {
    // Rewriting the row resets its age, so that no other caller sends the same message.
    const { changed } = await context.batches.update(simulation.id, batch.number, (present) =>
      present && isLost(present) ? { ...present.batch, state: 'queued' } : undefined,
    );
    if (changed) await context.queue.send({ work: 'batch', simulationId: simulation.id, batchNumber: batch.number });
  }
}

async function end(simulation: Simulation, context: SimulationContext): Promise<Simulation> {
  const { id, createdAt } = simulation;
  const report = reportOf(await context.batches.summaries(id), Date.parse(createdAt));
  const updated = await context.simulations.update(id, (present) => ended(present, report, new Date().toISOString()));
  if (!updated) return simulation;
  if (updated.changed) logEnd(updated.simulation, context);
  return updated.simulation;
}

/** Logs one line for the whole simulation: its devices are not in the history and telemetry. */
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
