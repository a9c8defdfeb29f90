import { scheduleToleranceMs } from '../../config/schedule.ts';
import { type Heartbeat, lastSinkErrors } from '../../history/heartbeat.ts';
import type { OutcomeHistory } from '../../history/history.ts';
import type { DueTimes } from '../../history/missedRuns.ts';
import type { TimerReport } from './statusReport.ts';

export interface TimerContext {
  readonly dueTimes: DueTimes;
  readonly ownLocation: string;
  readonly nowMs: number;
  /** Milliseconds since 1970: since when this process could have observed a scheduled run. Used when none was ever recorded. */
  readonly upSinceMs: number;
  readonly signal: AbortSignal;
}

/** Tolerance between the due time and the recorded heartbeat. */
const lateMs = 60_000;
/** Maintenance runs once an hour, and a later run makes up for a failed one. */
const maintenanceSilentMs = 3 * 3_600_000 + lateMs;
const maintenanceHeartbeats = 4;

/**
 * Reads whether scheduled runs and maintenance run at each location. HTTP requests read this, because a timer that does not fire cannot
 * report it. Maintenance has one owner at a time and is reported once for all locations.
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

function probesTimer(location: string, heartbeats: readonly Heartbeat[], context: TimerContext): TimerReport {
  const [newest, before] = heartbeats;
  const { dueTimes, ownLocation, nowMs, upSinceMs } = context;
  const timer = 'probes' as const;
  const everyRun = { name: timer };
  if (newest === undefined) {
    // Runs that were due before this process started may have been due before the deployment.
    const [due] = location === ownLocation ? dueTimes(everyRun, upSinceMs, nowMs - lateMs) : [];
    return { timer, location, state: due === undefined ? 'onTime' : 'silent', ...(due !== undefined && dueAt(due)) };
  }
  const sinkErrors = lastSinkErrors(heartbeats);
  const last = {
    lastStartedAt: new Date(newest.scheduledMs).toISOString(),
    ...(sinkErrors.length > 0 && { sinkErrors }),
  };
  const times = dueTimes(everyRun, newest.scheduledMs + scheduleToleranceMs, nowMs - lateMs);
  // Another location's schedule may be staggered against this one: its next run is before the second due time.
  const [due] = location === ownLocation ? times : times.slice(1);
  if (due !== undefined) return { timer, location, state: 'silent', ...last, ...dueAt(due) };
  const hasEnded = (heartbeat: Heartbeat | undefined) => heartbeat?.completed !== false;
  // The newest run may still be in progress; the one before must have ended.
  return { timer, location, state: hasEnded(before) ? 'onTime' : 'unfinished', ...last };
}

/** Undefined when maintenance has never run. A later run makes up for a failed one, so one completed recent run is enough. */
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
