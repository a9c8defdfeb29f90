import { randomUUID } from 'node:crypto';
import type { NotRun, Outcome } from '../outcomes/outcome.ts';
import { newSummary } from './batchSummary.ts';
import type { Lease } from './claimBatch.ts';
import type { DeviceOutcome } from './deviceOutcomes.ts';
import type { Batch, Simulation } from './simulation.ts';
import type { SimulationContext } from './simulationContext.ts';
import { registrationIdOf } from './simulationPlan.ts';

/** Why devices will not run any more. */
export interface NotRunReason {
  readonly cause: NotRun['cause'];
  readonly message: string;
}

/** Devices of a batch that have no outcome yet, in order. */
export async function devicesWithoutOutcome(
  simulation: Simulation,
  batch: Batch,
  context: SimulationContext,
): Promise<number[]> {
  const recorded = new Set<number>();
  for await (const { index } of context.outcomes.ofRange(simulation.id, batch.first, batch.count)) recorded.add(index);
  return Array.from({ length: batch.count }, (_, i) => batch.first + i).filter((index) => !recorded.has(index));
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
  const missing = await devicesWithoutOutcome(simulation, batch, context);
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
