import { reconcileSimulation } from '../reconcileSimulation.ts';
import { batchCount, batchOf, hasEnded, isHalted, type Simulation } from '../simulation.ts';
import type { SimulationContext } from '../simulationContext.ts';
import { simulatedProbe } from '../simulationRequest.ts';
import { claimBatch, holding } from './claimBatch.ts';
import { finishBatch, haltReason, type NotRunReason, recordedDevices } from './finishBatch.ts';
import { measureEventLoopDelay } from './measureEventLoopDelay.ts';
import { runDevices } from './runDevices.ts';

/**
 * Runs one batch, whichever delivery of its message this is: the first, a second one at the same time, or one after a worker has died.
 * Rejects when storage does not answer; the queue then delivers again.
 */
export async function runBatch(simulationId: string, number: number, context: SimulationContext): Promise<void> {
  const { batches, queue, limits, log } = context;
  const simulation = await context.simulations.read(simulationId);
  if (!simulation || hasEnded(simulation.state) || number >= batchCount(simulation)) {
    log({ level: 'info', event: 'simulationBatchDropped', simulationId, batchNumber: number });
    return;
  }
  const claim = await claimBatch(batches, simulationId, number, limits.leaseMs);
  switch (claim.kind) {
    case 'taken': {
      // Its worker may be dead, and this the only message left: look again when the lease has run out.
      const waitSeconds = Math.max(1, (claim.untilMs - Date.now()) / 1000);
      await queue.send({ work: 'batch', simulationId, batchNumber: number }, waitSeconds);
      return;
    }
    case 'done':
      break;
    case 'claimed':
      await holding(claim.lease, () => runClaimed(simulation, number, claim, context));
  }
  await reconcileSimulation(simulationId, context);
}

async function runClaimed(
  simulation: Simulation,
  number: number,
  { lease, claims }: Extract<Awaited<ReturnType<typeof claimBatch>>, { kind: 'claimed' }>,
  context: SimulationContext,
): Promise<void> {
  const batch = batchOf(simulation, number);
  if (isHalted(simulation.state)) return finishBatch(simulation, batch, lease, haltReason(simulation), context);
  const probe = probeToRun(simulation, claims, context);
  if (probe.kind === 'neverRun') return finishBatch(simulation, batch, lease, probe.reason, context);

  const recorded = await recordedDevices(simulation, batch, context);
  const { result: end, delayMs } = await measureEventLoopDelay(() =>
    runDevices(simulation, probe, recorded, lease, context),
  );
  switch (end) {
    case 'lost':
      return lease.handBack();
    case 'released':
      await lease.handBack();
      return context.queue.send({ work: 'batch', simulationId: simulation.id, batchNumber: number });
    case 'halted':
    case 'ended': {
      const now = (await context.simulations.read(simulation.id)) ?? simulation;
      return finishBatch(simulation, batch, lease, haltReason(now), context, delayMs);
    }
  }
}

type ProbeToRun =
  | Extract<ReturnType<typeof simulatedProbe>, { kind: 'probe' }>
  | { readonly kind: 'neverRun'; readonly reason: NotRunReason };

/** From the configuration as it is now: hosts and names of secrets are not taken from a row. */
function probeToRun({ request }: Simulation, claims: number, { probes, limits }: SimulationContext): ProbeToRun {
  if (claims > limits.claims) return neverRun(`${limits.claims} workers in a row did not survive this batch`);
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
