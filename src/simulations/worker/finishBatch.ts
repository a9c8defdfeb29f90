import { randomUUID } from 'node:crypto';
import type { NotRun, Outcome } from '../../outcomes/outcome.ts';
import { newSummary, type VerdictCounts } from '../batchSummary.ts';
import type { Batch, Simulation } from '../simulation.ts';
import type { SimulationContext } from '../simulationContext.ts';
import { registrationIdOf } from '../simulationRequest.ts';
import type { DeviceOutcome } from '../store/deviceOutcomes.ts';
import type { Claim } from './claimBatch.ts';

/** Why devices will not run any more. */
export interface NotRunReason {
  readonly cause: NotRun['cause'];
  readonly message: string;
}

/** The result of earlier deliveries of a batch: the devices without an outcome, in order, and the verdicts of the others. */
export interface RecordedDevices {
  readonly missing: readonly number[];
  readonly verdicts: VerdictCounts;
}

/** Reads which devices of the batch have an outcome. */
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
  return { missing: indicesOf(batch).filter((index) => !recorded.has(index)), verdicts };
}

/**
 * Finishes a batch: records devices that have not run as not run, and computes the summary from the stored outcomes, so that every worker
 * computes the same one.
 */
export async function finishBatch(
  simulation: Simulation,
  batch: Batch,
  { lease }: Extract<Claim, { kind: 'claimed' }>,
  notRun: NotRunReason,
  context: SimulationContext,
  workerDelayMs?: number,
): Promise<void> {
  const summary = newSummary(Date.parse(simulation.createdAt));
  const recorded = new Set<number>();
  const add = async () => {
    for await (const { index, outcome } of context.outcomes.ofRange(simulation.id, batch.first, batch.count)) {
      if (recorded.has(index)) continue;
      recorded.add(index);
      summary.add(outcome);
    }
  };
  await add();
  const missing = indicesOf(batch).filter((index) => !recorded.has(index));
  if (missing.length > 0) {
    await context.outcomes.insert(
      simulation.id,
      missing.map((index) => notRunOutcome(simulation, index, notRun, context.location)),
    );
    await add();
  }
  await lease.done({ ...summary.build(), ...(workerDelayMs !== undefined && { workerDelayMs }) });
}

function indicesOf({ first, count }: Batch): readonly number[] {
  return Array.from({ length: count }, (_, i) => first + i);
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
    result: { kind: 'notRun', cause, message },
  };
  return { index, outcome };
}

/** The reason recorded for the devices of a halted simulation. */
export function haltReason({ haltCause = 'cancelled', reason }: Simulation): NotRunReason {
  return { cause: haltCause, message: `not run: ${reason ?? 'the simulation was cancelled'}` };
}
