import { setTimeout as delay } from 'node:timers/promises';
import type { Probe } from '../../config/probe.ts';
import type { Verdict } from '../../outcomes/outcome.ts';
import { type Feedback, noFeedback } from '../pace.ts';
import { isHalted, type Simulation } from '../simulation.ts';
import type { SimulationContext } from '../simulationContext.ts';
import { registrationIdOf } from '../simulationRequest.ts';
import type { Lease } from './claimBatch.ts';
import type { RecordedDevices } from './finishBatch.ts';
import { createOutcomeWriter } from './outcomeWriter.ts';
import { reportFeedback, reserveStarts } from './reserveStarts.ts';

/** `released`: time is up, and some have not started. `lost`: another worker has the batch now. */
export type DevicesEnd = 'ended' | 'halted' | 'released' | 'lost';

/** After a start that was this far away, the simulation may have been cancelled meanwhile. */
const longWaitMs = 2000;

/**
 * Runs the devices of one batch that have no outcome yet: bounded in number at once, each at the time reserved for it, each outcome
 * stored when its device ends. Settles when the last device that was started has ended, and rejects when an outcome could not be
 * stored or a start could not be reserved.
 */
export async function runDevices(
  simulation: Simulation,
  { probe, configuredHubs }: { readonly probe: Probe; readonly configuredHubs: readonly string[] | undefined },
  recorded: RecordedDevices,
  lease: Lease,
  context: SimulationContext,
): Promise<DevicesEnd> {
  const { limits } = context;
  const handBackAtMs = Date.now() + limits.handBackAfterMs;
  const writer = createOutcomeWriter((devices) => context.outcomes.insert(simulation.id, devices));
  const feedback = createFeedback(simulation.id, context);
  const runDevice = context.createDeviceRunner({
    configuredHubs,
    reuseTlsSessions: simulation.request.reuseTlsSessions,
    onThrottled: feedback.throttled,
  });
  const counts: { [verdict in Verdict]: number } = { ...recorded.verdicts };
  const underWay = new Set<Promise<void>>();
  const faults: unknown[] = [];

  const start = (index: number) => {
    const device = run(index)
      .catch((fault: unknown) => void faults.push(fault))
      .finally(() => underWay.delete(device));
    underWay.add(device);
  };
  const run = async (index: number) => {
    const outcome = await runDevice({ ...probe, registrationId: registrationIdOf(simulation.request, index) });
    if (outcome.result.kind !== 'throttled') feedback.accepted();
    await writer.write({ index, outcome });
    counts[outcome.verdict] += 1;
    lease.progress({ ...counts });
  };

  const startAll = async (): Promise<DevicesEnd> => {
    const waiting = [...recorded.missing];
    let ratePerSecond = simulation.pace.ratePerSecond;
    while (waiting.length > 0) {
      if (faults.length > 0) return 'ended';
      if (lease.lost) return 'lost';
      if (Date.now() >= handBackAtMs) return 'released';
      if (underWay.size >= limits.devicesAtOnce) {
        await Promise.race(underWay);
        continue;
      }
      // What starts within about a second: few writes to the row, and yet little is reserved when the simulation is halted.
      const count = Math.min(
        waiting.length,
        limits.devicesAtOnce - underWay.size,
        Math.max(1, Math.floor(ratePerSecond)),
      );
      const reservation = await reserveStarts(simulation, count, feedback.take(), context);
      if (reservation.kind === 'halted') return 'halted';
      ratePerSecond = reservation.ratePerSecond;
      for (const startAtMs of reservation.startsAtMs) {
        const waitMs = startAtMs - Date.now();
        if (waitMs > 0) await delay(waitMs);
        if (waitMs > longWaitMs && (await isHaltedNow(simulation.id, context))) return 'halted';
        const index = waiting.shift();
        if (index !== undefined) start(index);
      }
    }
    return 'ended';
  };

  const end = await startAll().catch((fault: unknown) => void faults.push(fault));
  // Also after a fault: whoever gets the batch next would connect devices a second time, and the service would cut off the first.
  await Promise.all(underWay);
  await feedback.report();
  if (end === undefined || faults.length > 0)
    throw new AggregateError(faults, `the batch broke off, ${faults.length} faults, the first: ${String(faults[0])}`);
  return lease.lost ? 'lost' : end;
}

async function isHaltedNow(id: string, context: SimulationContext): Promise<boolean> {
  const simulation = await context.simulations.read(id);
  return !simulation || isHalted(simulation.state);
}

/**
 * Gathers what the service says to the devices of this worker. A 429 is passed on at once, and further ones while that is written
 * together; devices that were let in go with the next reservation, and those after the last one with the final report.
 */
function createFeedback(simulationId: string, context: SimulationContext) {
  let feedback: Feedback = noFeedback;
  let reporting: Promise<void> | undefined;
  const take = (): Feedback => {
    const taken = feedback;
    feedback = noFeedback;
    return taken;
  };
  const reportAll = async () => {
    while (feedback.throttled > 0 || feedback.accepted > 0) await reportFeedback(simulationId, take(), context);
    reporting = undefined;
  };
  const report = () => {
    reporting ??= reportAll().catch((fault: unknown) => {
      reporting = undefined;
      context.log({ level: 'warn', event: 'simulationFeedbackLost', simulationId, fault: String(fault) });
    });
    return reporting;
  };
  return {
    take,
    report,
    accepted() {
      feedback = { ...feedback, accepted: feedback.accepted + 1 };
    },
    throttled(retryAfterMs: number) {
      feedback = {
        ...feedback,
        throttled: feedback.throttled + 1,
        retryAfterMs: Math.max(feedback.retryAfterMs, retryAfterMs),
      };
      void report();
    },
  };
}
