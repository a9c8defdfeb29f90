import { randomUUID } from 'node:crypto';
import type { NotRun, Outcome } from '../../outcomes/outcome.ts';
import { newSummary, type VerdictCounts } from '../batchSummary.ts';
import type { Batch, Simulation } from '../simulation.ts';
import type { SimulationContext } from '../simulationContext.ts';
import { registrationIdOf } from '../simulationRequest.ts';
import type { DeviceOutcome } from '../store/deviceOutcomes.ts';
import type { Lease } from './claimBatch.ts';

/** Why devices will not run any more. */
export interface NotRunReason {
  readonly cause: NotRun['cause'];
  readonly message: string;
}

/** What earlier deliveries of a batch have left: which devices have no outcome yet, in order, and the verdicts of the others. */
export interface RecordedDevices {
  readonly missing: readonly number[];
  readonly verdicts: VerdictCounts;
}

export async function recordedDevices(
  simulation: Simulation,
  batch: Batch,
  context: SimulationContext,
): Promise<RecordedDevices> {
  const recorded = new Set<number>();
  const verdicts = { healthy: 0, degraded: 0, failing: 0, unknown: 0 };
  for await (const { index, outcome } of context.outcomes.ofRange(simulation.id, batch.first, batch.count)) {
    recorded.add(index);
    verdicts[outcome.verdict] += 1;
  }
  const indices = Array.from({ length: batch.count }, (_, i) => batch.first + i);
  return { missing: indices.filter((index) => !recorded.has(index)), verdicts };
}

/**
 * Ends a batch: what has not run is written down as not run, and the sum is made from the outcomes as they are stored, so that it is
 * the same whoever makes it, and however often.
 */
export async function finishBatch(
  simulation: Simulation,
  batch: Batch,
  lease: Lease,
  notRun: NotRunReason,
  context: SimulationContext,
  workerDelayMs?: number,
): Promise<void> {
  const { missing } = await recordedDevices(simulation, batch, context);
  if (missing.length > 0) {
    await context.outcomes.insert(
      simulation.id,
      missing.map((index) => notRunOutcome(simulation, index, notRun, context.location)),
    );
  }
  const summary = newSummary(Date.parse(simulation.createdAt));
  for await (const { outcome } of context.outcomes.ofRange(simulation.id, batch.first, batch.count)) {
    summary.add(outcome);
  }
  await lease.done({ ...summary.build(), ...(workerDelayMs !== undefined && { workerDelayMs }) });
}

function notRunOutcome(
  { request }: Simulation,
  index: number,
  { cause, message }: NotRunReason,
  location: string,
): DeviceOutcome {
  const outcome: Outcome = {
    runId: randomUUID(),
    probe: request.probe,
    registrationId: registrationIdOf(request, index),
    trigger: 'simulation',
    location,
    startedAt: new Date().toISOString(),
    durationMs: 0,
    verdict: 'unknown',
    reasons: [message],
    phases: {},
    polls: 0,
    result: { kind: 'notRun', phase: 'keyVault', cause, message },
  };
  return { index, outcome };
}

/** For devices of a simulation that has been halted. */
export function haltReason({ haltCause = 'cancelled', reason }: Simulation): NotRunReason {
  return { cause: haltCause, message: `not run: ${reason ?? 'the simulation was cancelled'}` };
}
