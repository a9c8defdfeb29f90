import { ticksBetween } from './schedule.ts';

const millisecondsPerSecond = 1000;
const millisecondsPerDay = 86_400_000;
const minutesPerDay = 1440;

/** Four years, so that every month end, weekday and leap day is counted in its proportion. */
const firstInstant = Date.UTC(2025, 0, 1);
const days = 4 * 365 + 1;
const months = 48;

/** How often a schedule ticks. `minutesOfDay` and `days` are ascending; the ticks are their product with the seconds. */
export interface Cadence {
  /** Ticks within a minute that has any. */
  readonly ticksPerMinute: number;
  readonly minutesOfDay: readonly number[];
  /** Days since the epoch, of four years. */
  readonly days: readonly number[];
}

/** Works a schedule out field by field, because four years of ticks one by one would take minutes. */
export function cadenceOf(schedule: string): Cadence {
  const [second, minute, hour, ...dayFields] = schedule.trim().split(/\s+/);
  const seconds = offsets(`${second} * * * * *`, millisecondsPerSecond, 60);
  const minutes = offsets(`0 ${minute} * * * *`, 60 * millisecondsPerSecond, 60);
  const hours = offsets(`0 0 ${hour} * * *`, 3600 * millisecondsPerSecond, 24);
  const firstDay = firstInstant / millisecondsPerDay;
  return {
    ticksPerMinute: seconds.length,
    minutesOfDay: hours.flatMap((ofDay) => minutes.map((ofHour) => ofDay * 60 + ofHour)),
    days: offsets(`0 0 0 ${dayFields.join(' ')}`, millisecondsPerDay, days).map((day) => firstDay + day),
  };
}

/** Runs in an average month of a probe: at each tick, or at the first of each period of `everyMinutes` (the rule of `isDue`). */
export function runsPerMonth({ ticksPerMinute, minutesOfDay, days }: Cadence, everyMinutes?: number): number {
  if (everyMinutes === undefined) return (ticksPerMinute * minutesOfDay.length * days.length) / months;
  let runs = 0;
  let lastPeriod: number | undefined;
  for (const day of days) {
    for (const minute of minutesOfDay) {
      const period = Math.floor((day * minutesPerDay + minute) / everyMinutes);
      if (period !== lastPeriod) runs += 1;
      lastPeriod = period;
    }
  }
  return runs / months;
}

/** The shortest time between two ticks, in minutes; less than a minute counts as 0. */
export function shortestGapMinutes({ ticksPerMinute, minutesOfDay }: Cadence): number {
  if (ticksPerMinute > 1) return 0;
  const [first = 0] = minutesOfDay;
  return Math.min(...minutesOfDay.map((minute, at) => (minutesOfDay[at + 1] ?? first + minutesPerDay) - minute));
}

/** Which of the first `count` units, from the first instant on, a schedule ticks in. */
function offsets(schedule: string, unitMs: number, count: number): readonly number[] {
  const ticks = ticksBetween(schedule, new Date(firstInstant), new Date(firstInstant + count * unitMs));
  return ticks.map((tick) => Math.round((tick.getTime() - firstInstant) / unitMs));
}
