import { nextTick, periodOf, previousTick } from './schedule.ts';

/**
 * The ticks of a schedule at which it is a probe's turn, oldest first, as milliseconds since 1970: from `fromMs` inclusive to `toMs`
 * exclusive. The same rule as `isDue`, which answers for one instant.
 */
export function dueTicks(
  expression: string,
  { everyMinutes }: { readonly everyMinutes?: number | undefined },
  fromMs: number,
  toMs: number,
): number[] {
  const due: number[] = [];
  let before = previousTick(expression, new Date(fromMs));
  let tick = nextTick(expression, new Date(fromMs - 1));
  while (tick !== undefined && tick.getTime() < toMs) {
    const isTurn =
      everyMinutes === undefined ||
      before === undefined ||
      periodOf(tick, everyMinutes) !== periodOf(before, everyMinutes);
    if (isTurn && tick.getTime() >= fromMs) due.push(tick.getTime());
    before = tick;
    tick = nextTick(expression, tick);
  }
  return due;
}
