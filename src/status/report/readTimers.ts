import { scheduleToleranceMs } from '../../config/schedule.ts';
import type { Heartbeat } from '../../history/heartbeat.ts';
import type { OutcomeHistory } from '../../history/history.ts';
import type { DueTimes } from '../../history/missedRuns.ts';
import type { TimerReport } from './statusReport.ts';

export interface TimerContext {
  readonly dueTimes: DueTimes;
  readonly ownLocation: string;
  readonly nowMs: number;
  /** Milliseconds since 1970: the process could see a scheduled run from then on, where none was ever recorded. */
  readonly upSinceMs: number;
  readonly signal: AbortSignal;
}

/** A timer calls when it is due, and the heartbeat is recorded first. */
const lateMs = 60_000;
/** Maintenance runs once an hour, and one that fails is made up for by the next. */
const maintenanceSilentMs = 3 * 3_600_000 + lateMs;
const maintenanceHeartbeats = 4;

/**
 * Whether scheduled runs and maintenance come, at each location: read over HTTP, so that it shows what the timer itself cannot report
 * when it does not fire. Maintenance has one owner at a time, and is reported for all locations at once.
 */
export async function readTimers(
  history: OutcomeHistory,
  locations: readonly string[],
  context: TimerContext,
): Promise<readonly TimerReport[]> {
  const { signal } = context;
  const read = async (location: string) => {
    const at = history.at(location);
    const [probes, maintenance] = await Promise.all([
      at.heartbeats('probes', {}, { count: 2, signal }),
      at.heartbeats('maintenance', {}, { count: maintenanceHeartbeats, signal }),
    ]);
    return { location, probes, maintenance };
  };
  const heartbeats = await Promise.all(locations.map(read));
  const maintained = heartbeats
    .flatMap(({ maintenance }) => maintenance)
    .toSorted((one, other) => other.scheduledMs - one.scheduledMs);
  const maintenance = maintenanceOf(maintained, context);
  return [
    ...heartbeats.map(({ location, probes }) => probesTimer(location, probes, context)),
    ...(maintenance ? [maintenance] : []),
  ];
}

function probesTimer(location: string, [newest, before]: readonly Heartbeat[], context: TimerContext): TimerReport {
  const { dueTimes, ownLocation, nowMs, upSinceMs } = context;
  const timer = 'probes' as const;
  const everyRun = { name: timer };
  if (newest === undefined) {
    // Runs that were due before the process was there may have been before the deployment.
    const [due] = location === ownLocation ? dueTimes(everyRun, upSinceMs, nowMs - lateMs) : [];
    return { timer, location, state: due === undefined ? 'onTime' : 'silent', ...(due !== undefined && dueAt(due)) };
  }
  const last = { lastStartedAt: new Date(newest.scheduledMs).toISOString() };
  const times = dueTimes(everyRun, newest.scheduledMs + scheduleToleranceMs, nowMs - lateMs);
  // The due times of another location may be staggered against these: its next one is between the first and the second.
  const [due] = location === ownLocation ? times : times.slice(1);
  if (due !== undefined) return { timer, location, state: 'silent', ...last, ...dueAt(due) };
  const hasEnded = (heartbeat: Heartbeat | undefined) => heartbeat?.completed !== false;
  // The newest one may still be running; a scheduled run ends before the next one.
  return { timer, location, state: hasEnded(before) ? 'onTime' : 'unfinished', ...last };
}

/** Undefined where none has ever run. One that failed or died is made up for by the next: what counts is the last that was completed. */
function maintenanceOf(
  newestFirst: readonly Heartbeat[],
  { ownLocation, nowMs }: TimerContext,
): TimerReport | undefined {
  const [newest] = newestFirst;
  if (newest === undefined) return undefined;
  const isRecent = ({ scheduledMs }: Heartbeat) => nowMs - scheduledMs <= maintenanceSilentMs;
  const recent = newestFirst.filter(isRecent);
  const state = recent.some(({ completed }) => completed) ? 'onTime' : recent.length > 0 ? 'unfinished' : 'silent';
  const lastStartedAt = new Date(newest.scheduledMs).toISOString();
  return { timer: 'maintenance', location: ownLocation, state, lastStartedAt };
}

function dueAt(dueMs: number) {
  return { dueAt: new Date(dueMs).toISOString() };
}
