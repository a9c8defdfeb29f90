import host from '../../../host.json' with { type: 'json' };
import { nextDueTime, scheduleToleranceMs } from '../schedule.ts';

/** For one ID scope, over all locations: well below its limit of 1000 registrations a minute, which all devices share. */
const startsPerSecondOfScope = 10;
/** Time before the host's limit or the next scheduled run, whichever is first. Enough to record the runs that the deadline ended. */
const reserveMs = 2_000;

/** The host's limit for one function call. */
const functionTimeoutMs = millisecondsOf(host.functionTimeout);

/** At what rate a scheduled run starts its probes, and how long it may last. */
export interface ScheduledRunLimits {
  readonly startsPerSecond: number;
  readonly lengthMs: number;
}

/** `locations`: the number of locations that start probes of the same ID scopes at about the same time. */
export function scheduledRunLimits(schedule: string, now: Date, locations: number): ScheduledRunLimits {
  const next = nextDueTime(schedule, new Date(now.getTime() + scheduleToleranceMs));
  const untilNextMs = next === undefined ? Number.POSITIVE_INFINITY : next.getTime() - now.getTime();
  return limitsWithin(untilNextMs, locations);
}

/** `gapMs`: until the next scheduled run. */
export function limitsWithin(gapMs: number, locations: number): ScheduledRunLimits {
  return {
    startsPerSecond: startsPerSecondOfScope / Math.max(1, locations),
    lengthMs: Math.max(0, Math.min(functionTimeoutMs, gapMs) - reserveMs),
  };
}

/** `hh:mm:ss`, as host.json has it. */
function millisecondsOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}
