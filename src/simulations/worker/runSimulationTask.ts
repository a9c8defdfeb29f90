import { monitorEventLoopDelay } from 'node:perf_hooks';
import { reconcileSimulation } from '../reconcileSimulation.ts';
import { batchCount, batchOf, hasEnded, isHalted, type Simulation } from '../simulation.ts';
import type { SimulationContext } from '../simulationContext.ts';
import { simulatedProbe } from '../simulationRequest.ts';
import { parseTask, type SimulationTask } from '../store/batchStore.ts';
import { type Claim, claimBatch, withLease } from './claimBatch.ts';
import { finishBatch, haltReason, type NotRunReason, recordedDevices } from './finishBatch.ts';
import { runDevices } from './runDevices.ts';

type BatchTask = Extract<SimulationTask, { work: 'batch' }>;
type Claimed = Extract<Claim, { kind: 'claimed' }>;

/**
 * Handles one message of the queue. Rejects when the storage does not respond: the host then delivers it again, and after five deliveries
 * moves it to the poison queue.
 */
export async function runSimulationTask(message: unknown, context: SimulationContext): Promise<void> {
  const task = readTask(message, context);
  if (!task) return;
  if (task.work === 'watch') return watch(task.simulationId, context);
  await runBatch(task, context);
}

/**
 * Handles one message of the poison queue: its batch failed five times, so its remaining devices are recorded as not run. Never rejects,
 * because a poison queue has no poison queue and the message would be delivered for ever. A batch that cannot be recorded now is found
 * again by its age.
 */
export async function failSimulationTask(message: unknown, context: SimulationContext): Promise<void> {
  const task = readTask(message, context);
  if (!task) return;
  try {
    await (task.work === 'watch' ? watch(task.simulationId, context) : failBatch(task, context));
  } catch (error) {
    const { simulationId } = task;
    context.log({ level: 'error', event: 'simulationTaskNotFailed', simulationId, error: String(error) });
  }
}

/** Undefined: the message is invalid and is dropped. Its batch is found again by its age. */
function readTask(message: unknown, { log }: SimulationContext): SimulationTask | undefined {
  const task = parseTask(message);
  if (!task) log({ level: 'error', event: 'simulationMessageNotUnderstood' });
  return task;
}

/** Reconciles a simulation regularly until it has ended, also when no caller reads it. */
async function watch(simulationId: string, context: SimulationContext): Promise<void> {
  const simulation = await reconcileSimulation(simulationId, context);
  if (!simulation || hasEnded(simulation.state)) return;
  await context.queue.send({ work: 'watch', simulationId }, context.limits.watchEverySeconds);
}

/**
 * Runs one batch. This may be the first delivery of its message, a concurrent second one, or one after a worker died. Rejects when the
 * storage does not respond; the queue then delivers it again.
 */
async function runBatch(task: BatchTask, context: SimulationContext): Promise<void> {
  const { simulationId, batchNumber } = task;
  const simulation = await simulationOf(task, context);
  if (!simulation) {
    context.log({ level: 'info', event: 'simulationBatchDropped', simulationId, batchNumber });
    return;
  }
  const claim = await claimBatch(context.batches, simulationId, batchNumber, context.limits.leaseMs);
  switch (claim.kind) {
    case 'held':
      // Its worker may be dead and this the last message, so check again when the lease has expired.
      return context.queue.send(task, Math.max(1, claim.expiresInMs / 1000));
    case 'done':
      break;
    case 'claimed':
      if ((await withLease(claim.lease, () => runClaimed(simulation, task, claim, context))) === 'released') {
        return context.queue.send(task);
      }
  }
  await reconcileSimulation(simulationId, context);
}

/** Undefined: there is nothing left to do. */
async function simulationOf(task: BatchTask, { simulations }: SimulationContext): Promise<Simulation | undefined> {
  const simulation = await simulations.read(task.simulationId);
  if (!simulation || hasEnded(simulation.state) || task.batchNumber >= batchCount(simulation)) return undefined;
  return simulation;
}

async function runClaimed(
  simulation: Simulation,
  { batchNumber }: BatchTask,
  claim: Claimed,
  context: SimulationContext,
): Promise<'finished' | 'released'> {
  const batch = batchOf(simulation, batchNumber);
  const finish = async (reason: NotRunReason, workerDelayMs?: number) => {
    await finishBatch(simulation, batch, claim, reason, context, workerDelayMs);
    return 'finished' as const;
  };
  if (isHalted(simulation.state)) return finish(haltReason(simulation));
  const probe = probeToRun(simulation, claim, context);
  if (probe.kind === 'neverRun') return finish(probe.reason);

  const recorded = await recordedDevices(simulation, batch, context);
  const delays = monitorEventLoopDelay();
  delays.enable();
  const end = await runDevices(simulation, probe, recorded, claim.lease, context).finally(() => delays.disable());
  switch (end) {
    case 'lost':
    case 'released':
      await claim.lease.release();
      return 'released';
    case 'ended':
      return finish(haltReason(simulation), inMilliseconds(delays.percentile(99)));
    case 'halted': {
      const now = (await context.simulations.read(simulation.id)) ?? simulation;
      return finish(haltReason(now), inMilliseconds(delays.percentile(99)));
    }
  }
}

/** An idle event loop shows 10 ms, the monitor's resolution. */
function inMilliseconds(nanoseconds: number): number {
  return Math.round(nanoseconds / 1e6);
}

type ProbeToRun =
  | Extract<ReturnType<typeof simulatedProbe>, { kind: 'probe' }>
  | { readonly kind: 'neverRun'; readonly reason: NotRunReason };

/** Uses the current configuration: hosts and names of secrets are never read from a row. */
function probeToRun({ request }: Simulation, { batch }: Claimed, { probes, limits }: SimulationContext): ProbeToRun {
  if (batch.claims > limits.claims) return neverRun(`${limits.claims} workers in a row did not survive this batch`);
  const configured = probes.find(({ name }) => name === request.probe);
  if (configured?.attestation.enrollment !== 'group') {
    return neverRun(`probe ${request.probe} with a group enrollment is no longer configured`);
  }
  const simulated = simulatedProbe(configured, request);
  if (simulated.kind === 'probe') return simulated;
  const why = simulated.errors.map(({ field, message }) => `${field.map(String).join('.')}: ${message}`);
  return neverRun(`probe ${request.probe} has changed: ${why.join('; ')}`);
}

function neverRun(why: string): ProbeToRun {
  return { kind: 'neverRun', reason: { cause: 'neverRun', message: `not run: ${why}` } };
}

async function failBatch(task: BatchTask, context: SimulationContext): Promise<void> {
  const { simulationId, batchNumber } = task;
  const simulation = await simulationOf(task, context);
  if (!simulation) return;
  const claim = await claimBatch(context.batches, simulationId, batchNumber, context.limits.leaseMs);
  // If another worker holds the claim, the batch may still succeed.
  if (claim.kind === 'claimed') {
    const { lastError } = claim.batch;
    const why = lastError ? `: ${lastError}` : '';
    const message = `not run: the batch failed on every delivery${why}`;
    const batch = batchOf(simulation, batchNumber);
    await withLease(claim.lease, () => finishBatch(simulation, batch, claim, { cause: 'neverRun', message }, context));
    context.log({ level: 'error', event: 'simulationBatchNeverRun', simulationId, batchNumber, lastError });
  }
  await reconcileSimulation(simulationId, context);
}
