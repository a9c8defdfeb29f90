import { setTimeout as delay } from 'node:timers/promises';
import type { Probe } from '../../config/probe.ts';
import type { Verdict } from '../../outcomes/outcome.ts';
import { adapt, type Feedback, isStorm, noFeedback, type Pace, reserve } from '../pace.ts';
import { expired, isHalted, running, type Simulation, serviceBudgetPerSecond, stopped } from '../simulation.ts';
import type { SimulationContext } from '../simulationContext.ts';
import { registrationIdOf } from '../simulationRequest.ts';
import { createOutcomeWriter } from '../store/deviceOutcomes.ts';
import type { BatchLease } from './claimBatch.ts';
import type { RecordedDevices } from './finishBatch.ts';

/** `released`: the time is up and some devices have not started. `lost`: another worker has claimed the batch. */
export type DevicesEnd = 'ended' | 'halted' | 'released' | 'lost';

/** After a wait this long, check whether the simulation was cancelled meanwhile. */
const longWaitMs = 2000;
/**
 * When all slots are busy, wait until this share is free and reserve starts together: single reservations would be one write for each
 * device.
 */
const freeShare = 0.1;

/**
 * Runs the devices of one batch that have no outcome yet, each at its reserved time and with a limited number at once. Stores each outcome
 * when its device ends. Settles when the last started device has ended, and rejects when an outcome could not be stored or a start could
 * not be reserved.
 */
export async function runDevices(
  simulation: Simulation,
  { probe, configuredHubs }: { readonly probe: Probe; readonly configuredHubs: readonly string[] | undefined },
  recorded: RecordedDevices,
  lease: BatchLease,
  context: SimulationContext,
): Promise<DevicesEnd> {
  const { limits, simulations } = context;
  const releaseAt = performance.now() + limits.releaseAfterMs;
  const writer = createOutcomeWriter((devices) => context.outcomes.insert(simulation.id, devices));
  const feedback = createFeedback(simulation, context);
  const { reuseTlsSessions } = simulation.request;
  const runDevice = context.createDeviceRunner({ configuredHubs, reuseTlsSessions, onThrottled: feedback.throttled });
  const counts: { [verdict in Verdict]: number } = { ...recorded.verdicts };
  const inProgress = new Set<Promise<void>>();
  const errors: unknown[] = [];

  const run = async (index: number) => {
    const outcome = await runDevice({ ...probe, registrationId: registrationIdOf(simulation.request, index) });
    if (outcome.result.kind !== 'throttled') feedback.accepted();
    await writer.write({ index, outcome });
    counts[outcome.verdict] += 1;
    lease.progress(counts);
  };
  const start = (index: number) => {
    const device = run(index)
      .catch((error: unknown) => void errors.push(error))
      .finally(() => inProgress.delete(device));
    inProgress.add(device);
  };

  const startAll = async (): Promise<DevicesEnd> => {
    const waiting = [...recorded.missing];
    let { ratePerSecond } = simulation.pace;
    while (waiting.length > 0) {
      if (errors.length > 0) return 'ended';
      if (lease.lost) return 'lost';
      if (performance.now() >= releaseAt) return 'released';
      const free = limits.devicesAtOnce - inProgress.size;
      if (free < Math.min(waiting.length, limits.devicesAtOnce * freeShare, ratePerSecond)) {
        await Promise.race(inProgress);
        continue;
      }
      // Reserve the starts of about one second: few writes to the row, and few reserved starts when the simulation is
      // halted.
      const count = Math.min(waiting.length, free, Math.max(1, Math.floor(ratePerSecond)));
      const reservation = await reserveStarts(simulation, count, feedback.drain(), context);
      if (reservation.kind === 'halted') return 'halted';
      ({ ratePerSecond } = reservation.pace);
      feedback.follow(reservation.pace);
      for (const startAtMs of reservation.startsAtMs) {
        const waitMs = startAtMs - simulations.now();
        if (waitMs > 0) await delay(waitMs);
        if (waitMs > longWaitMs && (await isHaltedNow(simulation.id, context))) return 'halted';
        const index = waiting.shift();
        if (index !== undefined) start(index);
      }
    }
    return 'ended';
  };

  const end = await startAll().catch((error: unknown) => void errors.push(error));
  // Wait also after an error: otherwise the next worker would connect the same devices, and the service would cut off these
  // connections.
  await Promise.all(inProgress);
  await feedback.end();
  if (end === undefined || errors.length > 0)
    throw new AggregateError(errors, `the batch broke off, ${errors.length} errors, the first: ${String(errors[0])}`);
  return lease.lost ? 'lost' : end;
}

async function isHaltedNow(id: string, { simulations }: SimulationContext): Promise<boolean> {
  const simulation = await simulations.read(id);
  return !simulation || isHalted(simulation.state);
}

type Reservation =
  | { readonly kind: 'granted'; readonly startsAtMs: readonly number[]; readonly pace: Pace }
  /** Cancelled, stopped, expired or deleted: no further device may start. */
  | { readonly kind: 'halted' };

/**
 * Reserves start times for the next devices of a simulation: first by the simulation's own pace, then by the share of the service's limit
 * for all simulations of the ID scope. Times are the storage's, so the clocks of two workers are never compared.
 */
async function reserveStarts(
  { id, idScope, request }: Simulation,
  count: number,
  feedback: Feedback,
  { simulations, probeRunsPerMinute }: SimulationContext,
): Promise<Reservation> {
  let own: readonly number[] = [];
  const updated = await simulations.update(id, (present, nowMs) => {
    const simulation = expired(withFeedback(present, feedback, nowMs), nowMs);
    if (isHalted(simulation.state)) return simulation;
    const { startsAtMs, nextStartAtMs } = reserve(simulation.pace, count, nowMs);
    own = startsAtMs;
    return running({ ...simulation, pace: { ...simulation.pace, nextStartAtMs } });
  });
  if (!updated || isHalted(updated.simulation.state)) return { kind: 'halted' };
  const { pace } = updated.simulation;
  if (request.allowAboveServiceLimits) return { kind: 'granted', startsAtMs: own, pace };

  const budgetPerSecond = serviceBudgetPerSecond(probeRunsPerMinute(idScope));
  const shared = await simulations.reserveBudget(idScope, budgetPerSecond, count);
  return { kind: 'granted', startsAtMs: own.map((startAtMs, i) => Math.max(startAtMs, shared[i] ?? 0)), pace };
}

function withFeedback(simulation: Simulation, feedback: Feedback, nowMs: number): Simulation {
  const pace = adapt(simulation.pace, simulation.request.ratePerSecond, feedback, nowMs);
  if (!isStorm(pace)) return { ...simulation, pace };
  const { ratePerSecond: requested } = simulation.request;
  const reason =
    `Stopped: the service responded with 429 (too many requests) ${pace.throttled} times and accepted ${pace.accepted} devices, ` +
    `although the rate had been lowered ${pace.decreases} times, from ${requested} to ${pace.ratePerSecond.toPrecision(2)} per second. ` +
    'Find out who else registers in this ID scope, or request a lower ratePerSecond.';
  return stopped({ ...simulation, pace }, reason);
}

/** One write for all 429 responses of this period: the rate is lowered at most once in two seconds. */
const reportEveryMs = 500;

/**
 * Collects the service's responses to this worker's devices. A first 429 is written to the simulation's row at once, further ones together;
 * accepted devices are written with the next reservation. After the last reservation, accepted devices are written only if the rate is
 * lowered.
 */
function createFeedback({ id, pace }: Simulation, { simulations, log }: SimulationContext) {
  let feedback: Feedback = noFeedback;
  let isLowered = pace.decreases > 0;
  let reporting: Promise<void> | undefined;
  const drain = (): Feedback => {
    const drained = feedback;
    feedback = noFeedback;
    return drained;
  };
  const report = async () => {
    const drained = drain();
    await simulations.update(id, (present, nowMs) => withFeedback(present, drained, nowMs));
  };
  const reportAll = async () => {
    while (feedback.throttled > 0) {
      await report();
      await delay(reportEveryMs);
    }
  };
  const logLost = (error: unknown) =>
    log({ level: 'warn', event: 'simulationFeedbackLost', simulationId: id, error: String(error) });
  return {
    drain,
    follow(present: Pace) {
      isLowered = present.decreases > 0;
    },
    accepted() {
      feedback = { ...feedback, accepted: feedback.accepted + 1 };
    },
    throttled(retryAfterMs: number) {
      isLowered = true;
      const { throttled, retryAfterMs: longest } = feedback;
      feedback = { ...feedback, throttled: throttled + 1, retryAfterMs: Math.max(longest, retryAfterMs) };
      reporting ??= reportAll()
        .catch(logLost)
        .finally(() => {
          reporting = undefined;
        });
    },
    async end() {
      await reporting;
      if (feedback.throttled > 0 || (isLowered && feedback.accepted > 0)) await report().catch(logLost);
    },
  };
}
