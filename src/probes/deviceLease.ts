import { randomUUID } from 'node:crypto';
import { type Probe, timeoutMs } from '../config/probe.ts';
import { deviceOf } from '../config/registrationId.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';
import { keyText } from '../storage/keys.ts';
import type { Lease, Leases } from '../storage/leases.ts';

/** `busy`: another run of the device is in progress. It finishes within `retryAfterSeconds`. */
export type RunResult =
  | { readonly kind: 'ran'; readonly outcome: Outcome }
  | { readonly kind: 'busy'; readonly retryAfterSeconds: number };

export interface RunLimits {
  /** How long to wait for a device that is busy. Default 0: return `busy` at once. */
  readonly maxWaitMs?: number;
  /**
   * For callers. Joins a run of the same probe in this process, and returns that run's outcome. A caller may wait, but has no place in the
   * queue: this process does not learn when a caller disconnects.
   */
  readonly joins?: boolean;
}

/** `notes`: anything unusual about the reservation of the device. `storageSignal` limits further storage calls before the run. */
export type RunAlone = (notes: readonly string[], storageSignal: AbortSignal) => Promise<RecordedRun>;

export interface RecordedRun {
  readonly outcome: Outcome;
  /** Settles once the outcome is recorded. */
  readonly recorded: Promise<unknown>;
}

/**
 * Prevents two runs of a device at the same time, in this process and in all others that share the history's storage. A server closes a
 * device's first connection when a second one arrives (MQTT 3.1.1 §3.1.4, [MQTT-3.1.4-2]), so a run on demand would make a scheduled run
 * fail although the service is healthy.
 */
export interface DeviceLeases {
  /** Rejects only as `run` does. Storage that cannot be used never stops a run. */
  runAlone(probe: Probe, limits: RunLimits, run: RunAlone): Promise<RunResult>;
}

/**
 * How long storage may delay a run before it starts. Storage that does not respond costs two seconds in all: the rest is for recording
 * the outcome of a run on demand, or was for the heartbeat of a scheduled one.
 */
const storageBudgetMs = 1_500;
const scheduledCallMs = 1_000;
const releaseMs = 2_000;
/** A lease lasts this much longer than the run's timeout, for the work before and after the exchange. */
const slackMs = 10_000;
/** Between two attempts of a caller that waits. */
const callerPollMs = 250;

export const deviceLeaseTable = 'deviceLeases';

interface RunInProcess {
  readonly probe: string;
  readonly result: Promise<RunResult>;
  /** It is waiting for a run in another process. */
  isWaiting: boolean;
  /** By the monotonic clock. */
  endsByMs: number;
}

/** `leases`: absent if no storage is configured. */
export function createDeviceLeases(leases?: Leases): DeviceLeases {
  const running = new Map<string, RunInProcess>();

  const reserve = async (probe: Probe, maxWaitMs: number, signal: AbortSignal): Promise<Reservation> => {
    if (!leases) return { kind: 'reserved', notes: [] };
    const key = { partitionKey: keyText(probe.idScope), rowKey: keyText(probe.registrationId.toLowerCase()) };
    const request = { key, holder: randomUUID(), lastsMs: timeoutMs(probe) + slackMs };
    try {
      const result =
        maxWaitMs > 0
          ? await leases.acquire(request, maxWaitMs, { limitMs: scheduledCallMs })
          : await leases.tryAcquire(request, { signal });
      return result.kind === 'held' ? { kind: 'reserved', notes: [], lease: result.lease } : result;
    } catch (error) {
      const why = describeStorageError(error);
      const notes = [`Ran without a device lease, another run may have interfered: ${why}`];
      return { kind: 'reserved', notes, isStorageUnavailable: true };
    }
  };

  /** Reserves the device, then runs. */
  const reserveAndRun = async (
    probe: Probe,
    waitMs: number,
    run: RunAlone,
    current: RunInProcess,
  ): Promise<RunResult> => {
    const storageSignal = AbortSignal.timeout(storageBudgetMs);
    const reservation = await reserve(probe, waitMs, storageSignal);
    if (reservation.kind === 'busy') return busyFor(reservation.remainingMs);
    current.isWaiting = false;
    current.endsByMs = performance.now() + timeoutMs(probe);
    const recordedRun = run(reservation.notes, signalFor(reservation, waitMs, storageSignal));
    return { kind: 'ran', outcome: await settle(recordedRun, reservation.lease) };
  };

  /** The device is free in this process. `waitMs`: how long to wait for another process that uses it. */
  const start = async (probe: Probe, waitMs: number, run: RunAlone): Promise<RunResult> => {
    const device = deviceOf(probe);
    const { promise: result, resolve } = Promise.withResolvers<RunResult>();
    const waitsMs = Math.min(waitMs, timeoutMs(probe) + slackMs);
    const endsByMs = performance.now() + waitsMs + timeoutMs(probe);
    const current = { probe: probe.name, result, isWaiting: waitMs > 0, endsByMs };
    running.set(device, current);
    resolve(reserveAndRun(probe, waitMs, run, current));
    try {
      return await result;
    } finally {
      running.delete(device);
    }
  };

  const runScheduled = async (probe: Probe, endMs: number, run: RunAlone): Promise<RunResult> => {
    const device = deviceOf(probe);
    for (let current = running.get(device); current; current = running.get(device)) {
      if (!(await settlesBefore(current.result, endMs))) return busyFor(current.endsByMs - performance.now());
    }
    return start(probe, Math.max(0, endMs - performance.now()), run);
  };

  const runForCaller = async (probe: Probe, endMs: number, run: RunAlone): Promise<RunResult> => {
    for (;;) {
      const current = running.get(deviceOf(probe));
      const isJoined = current?.probe === probe.name && !current.isWaiting;
      let result: RunResult;
      if (!current) result = await start(probe, 0, run);
      else if (isJoined) result = await current.result;
      else result = busyFor(current.endsByMs - performance.now());
      const leftMs = endMs - performance.now();
      if (result.kind === 'ran' || leftMs <= 0) return result;
      await new Promise((resume) => setTimeout(resume, Math.min(callerPollMs, leftMs)));
    }
  };

  return {
    runAlone(probe, { maxWaitMs = 0, joins = false }, run) {
      const endMs = performance.now() + maxWaitMs;
      return joins ? runForCaller(probe, endMs, run) : runScheduled(probe, endMs, run);
    },
  };
}

interface Reserved {
  readonly kind: 'reserved';
  readonly notes: readonly string[];
  readonly lease?: Lease;
  readonly isStorageUnavailable?: true;
}

type Reservation = Reserved | { readonly kind: 'busy'; readonly remainingMs: number };

/** A storage that did not respond is not called again before the run. Time spent waiting for the device does not count against it. */
function signalFor({ isStorageUnavailable }: Reserved, waitMs: number, storageSignal: AbortSignal): AbortSignal {
  if (isStorageUnavailable) return AbortSignal.abort();
  return waitMs > 0 ? AbortSignal.timeout(storageBudgetMs) : storageSignal;
}

/** Releases the device as soon as the run has ended, while its outcome is being recorded. */
async function settle(run: Promise<RecordedRun>, lease: Lease | undefined): Promise<Outcome> {
  const ended = await run.catch(async (error) => {
    await release(lease);
    throw error;
  });
  await Promise.all([ended.recorded, release(lease)]);
  return ended.outcome;
}

/** An error is ignored: a lease that is not released expires. */
async function release(lease: Lease | undefined): Promise<void> {
  await lease?.release({ limitMs: releaseMs }).catch(() => undefined);
}

function busyFor(remainingMs: number): RunResult {
  return { kind: 'busy', retryAfterSeconds: Math.max(1, Math.ceil(remainingMs / 1000)) };
}

async function settlesBefore(result: Promise<unknown>, endMs: number): Promise<boolean> {
  const leftMs = endMs - performance.now();
  if (leftMs <= 0) return false;
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), leftMs);
  });
  const settled = result.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, waited]);
  } finally {
    clearTimeout(timer);
  }
}
