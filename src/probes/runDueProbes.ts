import type { Probe } from '../config/probe.ts';
import { deviceOf } from '../config/registrationId.ts';
import { type RunContext, recordNotRun, runAndRecord } from './runAndRecord.ts';

export interface ScheduledRun {
  /** For each ID scope, whose limit all probes and all real devices share. */
  readonly startsPerSecond: number;
  /** From now to the deadline. */
  readonly lengthMs: number;
}

/** The clock; tests supply a virtual one. */
export interface Timing {
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Resolves early when the signal aborts. */
  readonly sleep: (durationMs: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Runs the probes that are due. Starts them at a steady rate instead of limiting how many run at once: in an outage every run takes its
 * whole timeout, and a limit would delay the others. Probes of one device run one after the other. Each outcome is recorded as soon as its
 * run ends; probes that the deadline leaves undone are recorded as `unknown`. An outcome that no sink accepted is reported and does not
 * stop the other probes.
 */
export async function runDueProbes(
  probes: readonly Probe[],
  context: RunContext,
  scheduledRun: ScheduledRun,
  reportUnrecorded: (error: unknown) => void,
): Promise<void> {
  const endMs = performance.now() + scheduledRun.lengthMs;
  await startSteadily(
    probes,
    scheduledRun,
    async (probe, signal) => {
      const maxWaitMs = Math.max(0, endMs - performance.now());
      const run = signal.aborted
        ? recordNotRun(probe, context, { cause: 'outOfTime', message: `${signal.reason}` })
        : runOrRecordWhyNot(probe, context, { maxWaitMs, signal });
      await run.catch(reportUnrecorded);
    },
    realTiming,
  );
}

async function runOrRecordWhyNot(
  probe: Probe,
  context: RunContext,
  limits: { maxWaitMs: number; signal: AbortSignal },
) {
  const result = await runAndRecord(probe, context, limits);
  if (result.kind === 'ran') return;
  const message = `another run of device ${probe.registrationId} was in progress all the time`;
  await recordNotRun(probe, context, { cause: 'deviceBusy', message });
}

/** Starts the probes of a scheduled run, each at its time. The signal that `run` receives aborts at the deadline. */
export async function startSteadily(
  probes: readonly Probe[],
  { startsPerSecond, lengthMs }: ScheduledRun,
  run: (probe: Probe, signal: AbortSignal) => Promise<void>,
  { now, sleep }: Timing,
): Promise<void> {
  const startMs = now();
  const controller = new AbortController();
  const { signal } = controller;
  const nextStartMs = new Map<string, number>();

  /** Reserves the next start time of the probe's ID scope. */
  const reserveStart = ({ idScope }: Probe): number => {
    const startAtMs = Math.max(nextStartMs.get(idScope) ?? startMs, now());
    nextStartMs.set(idScope, startAtMs + 1000 / startsPerSecond);
    return startAtMs;
  };
  const runInSequence = async (ofOneDevice: readonly Probe[]) => {
    for (const probe of ofOneDevice) {
      await sleep(Math.min(reserveStart(probe), startMs + lengthMs) - now(), signal);
      await run(probe, signal);
    }
  };

  const ended = new AbortController();
  const deadline = sleep(lengthMs, ended.signal).then(() => {
    const seconds = Math.round(lengthMs / 1000);
    if (!ended.signal.aborted) controller.abort(`the scheduled run reached its deadline of ${seconds} s first`);
  });
  await Promise.all([...Map.groupBy(probes, deviceOf).values()].map(runInSequence));
  ended.abort();
  await deadline;
}

const realTiming: Timing = {
  now: () => performance.now(),
  sleep: async (durationMs, signal) => {
    if (durationMs <= 0 || signal.aborted) return;
    await new Promise<void>((resume) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resume();
      };
      const timer = setTimeout(end, durationMs);
      signal.addEventListener('abort', end);
    });
  },
};
