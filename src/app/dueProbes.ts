import type { Probe } from '../config/probe.ts';
import { dueTimes, isDue, scheduleToleranceMs } from '../config/schedule.ts';
import type { OutcomeHistory, TimeRange } from '../history/history.ts';
import type { Services } from './services.ts';

/** Storage that does not respond must not keep the other probes waiting. */
const limitMs = 2_000;
/** Enough to find a scheduled run among those on demand. */
const maxRuns = 50;
const dayMs = 86_400_000;

/**
 * The probes of a scheduled run: those that are due by the schedule, and those with `everyMinutes` whose last due run was missed, because
 * the app was not running then. Whether it was missed follows from the history, so a restart loses no day.
 */
export async function dueProbes(
  { probes, settings, history }: Pick<Services, 'probes' | 'settings' | 'history'>,
  now: Date,
): Promise<readonly Probe[]> {
  const { probeSchedule } = settings;
  const isMissed = async (probe: Probe): Promise<boolean> => {
    if (!history || probe.everyMinutes === undefined) return false;
    const beginMs = now.getTime() - probe.everyMinutes * 60_000 - dayMs;
    const lastDueMs = dueTimes(probeSchedule, probe, beginMs, now.getTime()).at(-1);
    if (lastDueMs === undefined || caughtUpIn(history).get(probe.name) === lastDueMs) return false;
    const options = { count: maxRuns, signal: AbortSignal.timeout(limitMs) };
    const hasRun = async (range: TimeRange) =>
      (await history.summaries(probe.name, range, options)).some(({ trigger }) => trigger === 'timer');
    try {
      const bound = lastDueMs - scheduleToleranceMs;
      // A probe that has never run waits until it is due for the first time.
      const missed = !(await hasRun({ sinceMs: bound })) && (await hasRun({ untilMs: bound }));
      caughtUpIn(history).set(probe.name, lastDueMs);
      return missed;
    } catch {
      // Without the history, the schedule alone decides.
      return false;
    }
  };
  const due = await Promise.all(
    probes.map(async (probe) => isDue(probe, now, probeSchedule) || (await isMissed(probe))),
  );
  return probes.filter((_, index) => due[index]);
}

/** By probe: the due run that needs no further look in this process. */
const caughtUp = new WeakMap<OutcomeHistory, Map<string, number>>();

function caughtUpIn(history: OutcomeHistory): Map<string, number> {
  const known = caughtUp.get(history) ?? new Map<string, number>();
  caughtUp.set(history, known);
  return known;
}
