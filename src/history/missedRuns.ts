import { tickToleranceMs } from '../config/schedule.ts';

/** When a probe is due: from inclusive to exclusive, oldest first. All times are milliseconds since 1970. */
export type DueTicks = (
  probe: { readonly name: string; readonly everyMinutes?: number | undefined },
  fromMs: number,
  toMs: number,
) => readonly number[];

/** Later than this, a run is a run of its own: the tick was missed. */
export const maxLatenessMs = 3_600_000;

/**
 * The ticks that no run belongs to. A run belongs to the last tick before it, hence a late one fills its own tick and not the next;
 * `startsMs` are the starts of the timer's runs, in any order, at least from the first tick to an hour after the last.
 */
export function missedTicks(ticksMs: readonly number[], startsMs: readonly number[]): number[] {
  const starts = [...startsMs].sort((one, other) => one - other);
  let next = 0;
  return ticksMs.filter((tickMs, index) => {
    const beginMs = tickMs - tickToleranceMs;
    const endMs = Math.min((ticksMs[index + 1] ?? Number.POSITIVE_INFINITY) - tickToleranceMs, tickMs + maxLatenessMs);
    while ((starts[next] ?? Number.POSITIVE_INFINITY) < beginMs) next += 1;
    return (starts[next] ?? Number.POSITIVE_INFINITY) >= endMs;
  });
}
