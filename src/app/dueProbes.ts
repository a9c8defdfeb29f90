import type { Probe } from '../config/probe.ts';
import { dueTimes, isDue, scheduleToleranceMs } from '../config/schedule.ts';
import type { OutcomeHistory, TimeRange } from '../history/history.ts';
import type { Services } from './services.ts';

/** Storage that does not respond must not delay the other probes. */
const limitMs = 1_000;
/** Enough to find a scheduled run among those on demand. */
const maxRuns = 50;
const dayMs = 86_400_000;

/**
 * The probes of a scheduled run: those that are due now, and those with `everyMinutes` whose last due run was missed because the app was
 * not running. The history shows whether it was missed, so a restart does not skip a daily probe.
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
      // A probe that has never run has missed nothing.
      const missed = !(await hasRun({ sinceMs: bound })) && (await hasRun({ untilMs: bound }));
      caughtUpIn(history).set(probe.name, lastDueMs);
      return missed;
    } catch {
      // Without the history, only the schedule decides.
      return false;
    }
  };
  const due = await Promise.all(
    probes.map(async (probe) => isDue(probe, now, probeSchedule) || (await isMissed(probe))),
  );
  return probes.filter((_, index) => due[index]);
}

/** By probe: the due time that this process has already checked. */
const caughtUp = new WeakMap<OutcomeHistory, Map<string, number>>();

function caughtUpIn(history: OutcomeHistory): Map<string, number> {
  const known = caughtUp.get(history) ?? new Map<string, number>();
  caughtUp.set(history, known);
  return known;
}
