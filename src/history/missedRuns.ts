import { scheduleToleranceMs } from '../config/schedule.ts';

/** When a probe is due: from inclusive to exclusive, oldest first. All times are milliseconds since 1970. */
export type DueTimes = (
  probe: { readonly name: string; readonly everyMinutes?: number | undefined },
  fromMs: number,
  toMs: number,
) => readonly number[];

/** A run that is later than this does not belong to the due time, which counts as missed. */
export const maxLatenessMs = 3_600_000;

/**
 * Returns the due times without a run. A run belongs to the last due time before it. `startsMs`: the starts of the timer's runs, in any
 * order, at least from the first due time to an hour after the last.
 */
export function missedRuns(dueTimesMs: readonly number[], startsMs: readonly number[]): number[] {
  const starts = [...startsMs].sort((one, other) => one - other);
  let next = 0;
  return dueTimesMs.filter((dueMs, index) => {
    const beginMs = dueMs - scheduleToleranceMs;
    const endMs = Math.min(
      (dueTimesMs[index + 1] ?? Number.POSITIVE_INFINITY) - scheduleToleranceMs,
      dueMs + maxLatenessMs,
    );
    while ((starts[next] ?? Number.POSITIVE_INFINITY) < beginMs) next += 1;
    return (starts[next] ?? Number.POSITIVE_INFINITY) >= endMs;
  });
}
