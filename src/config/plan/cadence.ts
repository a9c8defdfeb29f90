import { dueTimes } from '../schedule.ts';

const millisecondsPerSecond = 1000;
const millisecondsPerDay = 86_400_000;
const minutesPerDay = 1440;
const secondsPerMinute = 60;

/** Four years, so that every month end, weekday and leap day is counted in its proportion. */
const firstInstant = Date.UTC(2025, 0, 1);
const days = 4 * 365 + 1;
const months = 48;

/** How often a schedule is due. `minutesOfDay` and `days` are ascending; the due times are their product with the seconds. */
export interface Cadence {
  /** Of a minute with due times. */
  readonly secondsOfMinute: readonly number[];
  readonly minutesOfDay: readonly number[];
  /** Days since the epoch, over four years. */
  readonly days: readonly number[];
}

let known: { readonly schedule: string; readonly cadence: Cadence } | undefined;

/** Caches the cadence, because a process has one schedule. */
export function cadenceOf(schedule: string): Cadence {
  if (known?.schedule !== schedule) known = { schedule, cadence: computeCadence(schedule) };
  return known.cadence;
}

/** Field by field: enumerating four years of due times would take minutes. */
function computeCadence(schedule: string): Cadence {
  const [second, minute, hour, ...dayFields] = schedule.trim().split(/\s+/);
  const seconds = offsets(`${second} * * * * *`, millisecondsPerSecond, 60);
  const minutes = offsets(`0 ${minute} * * * *`, 60 * millisecondsPerSecond, 60);
  const hours = offsets(`0 0 ${hour} * * *`, 3600 * millisecondsPerSecond, 24);
  const firstDay = firstInstant / millisecondsPerDay;
  return {
    secondsOfMinute: seconds,
    minutesOfDay: hours.flatMap((ofDay) => minutes.map((ofHour) => ofDay * 60 + ofHour)),
    days: offsets(`0 0 0 ${dayFields.join(' ')}`, millisecondsPerDay, days).map((day) => firstDay + day),
  };
}

/**
 * Returns a function that counts a probe's runs in an average month: in each scheduled run, or in the first of each period of
 * `everyMinutes` (the rule of `isDue`). It caches its results, because many probes use the same few values.
 */
export function runCounter(cadence: Cadence): (everyMinutes: number | undefined) => number {
  const { secondsOfMinute, minutesOfDay, days } = cadence;
  const counted = new Map<number, number>();
  return (everyMinutes) => {
    if (everyMinutes === undefined) return (secondsOfMinute.length * minutesOfDay.length * days.length) / months;
    const known = counted.get(everyMinutes) ?? periodsWithRun(cadence, everyMinutes) / months;
    counted.set(everyMinutes, known);
    return known;
  };
}

/** Counts each offset of a day within a period only once, because the offsets repeat. */
function periodsWithRun({ minutesOfDay, days }: Cadence, everyMinutes: number): number {
  const [first = 0] = minutesOfDay;
  const last = minutesOfDay.at(-1) ?? 0;
  const periodsByOffset = new Map<number, number>();
  let periods = 0;
  let lastPeriod: number | undefined;
  for (const day of days) {
    const start = day * minutesPerDay;
    const offset = start % everyMinutes;
    let ofDay = periodsByOffset.get(offset);
    if (ofDay === undefined) {
      ofDay = periodsOf(minutesOfDay, offset, everyMinutes);
      periodsByOffset.set(offset, ofDay);
    }
    const isContinued = Math.floor((start + first) / everyMinutes) === lastPeriod;
    periods += ofDay - (isContinued ? 1 : 0);
    lastPeriod = Math.floor((start + last) / everyMinutes);
  }
  return periods;
}

/** The minutes are ascending, so those of one period are adjacent. */
function periodsOf(minutesOfDay: readonly number[], offset: number, everyMinutes: number): number {
  let periods = 0;
  let periodEnd = Number.NEGATIVE_INFINITY;
  for (const minute of minutesOfDay) {
    const at = offset + minute;
    if (at < periodEnd) continue;
    periods += 1;
    periodEnd = at - (at % everyMinutes) + everyMinutes;
  }
  return periods;
}

/** The shortest time between two due times, in seconds. */
export function shortestGapSeconds({ secondsOfMinute, minutesOfDay }: Cadence): number {
  const [firstSecond = 0] = secondsOfMinute;
  const lastSecond = secondsOfMinute.at(-1) ?? 0;
  const [firstMinute = 0] = minutesOfDay;
  const gaps = secondsOfMinute.slice(1).map((second, at) => second - (secondsOfMinute[at] ?? 0));
  const minuteGaps = minutesOfDay.map((minute, at) => (minutesOfDay[at + 1] ?? firstMinute + minutesPerDay) - minute);
  return Math.min(...gaps, smallest(minuteGaps) * secondsPerMinute - lastSecond + firstSecond);
}

function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

/** The indexes of those among the first `count` units in which the schedule is due. */
function offsets(schedule: string, unitMs: number, count: number): readonly number[] {
  const times = dueTimes(schedule, {}, firstInstant, firstInstant + count * unitMs);
  return times.map((time) => Math.round((time - firstInstant) / unitMs));
}
