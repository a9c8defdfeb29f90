import { Cron } from 'croner';

const millisecondsPerMinute = 60_000;

/** A timer may call a little before or after it is due; half a second is less than the distance of any two due times. */
export const scheduleToleranceMs = 500;

const names = 'JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT';
const value = `(?:\\d{1,2}|${names})`;
const item = `(?:\\*|${value}(?:-${value})?)(?:/\\d{1,2})?`;
const field = new RegExp(`^${item}(?:,${item})*$`, 'i');
const fieldNames = ['second', 'minute', 'hour', 'day of month', 'month', 'day of week'];

/**
 * NCRONTAB as the Functions host reads it: six fields, in UTC, where day of month and day of week must both hold. croner knows more
 * (`L`, `#`, `W`, `?`, 7 for Sunday), which the host would refuse, so what reaches it is checked before.
 *
 * @returns what is wrong with the expression, or undefined
 */
export function scheduleError(expression: string): string | undefined {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== fieldNames.length) {
    return `expected six fields (${fieldNames.join(', ')}), as in "0 */5 * * * *", not ${fields.length}`;
  }
  for (const [index, text] of fields.entries()) {
    const reversed = index === 5 ? reversedDays(text) : undefined;
    if (reversed !== undefined) {
      return `expected days of the week in rising order in field 6, from SUN (0) to SAT (6), got ${reversed}: the Functions host swaps the ends of such a range. Write a list, as in SAT,SUN`;
    }
    const isSeven = index === 5 && /(?:^|[,-])0?7(?:$|[,/-])/.test(text);
    if (!field.test(text) || isSeven || !isAccepted(fields, index)) {
      return `expected an NCRONTAB ${fieldNames[index]} in field ${index + 1}: ${ranges[index]}, *, lists, ranges and steps`;
    }
  }
  return cron(expression).nextRun() === null
    ? 'expected a schedule that is due at some time: no such day exists'
    : undefined;
}

const ranges = ['0-59', '0-59', '0-23', '1-31', '1-12 or JAN-DEC', '0-6 or SUN-SAT'];

/** A range such as `SAT-SUN`: a weekend to most readers, and every day to the host. */
function reversedDays(text: string): string | undefined {
  return text
    .toUpperCase()
    .split(',')
    .map((item) => item.split('/')[0] ?? '')
    .find((range) => {
      const [from, to] = range.split('-').map((name) => dayNames.indexOf(name));
      return from !== undefined && to !== undefined && from >= 0 && to >= 0 && from > to;
    });
}

const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** One field alone, the others being `*`: so an error is told with its place. */
function isAccepted(fields: readonly string[], index: number): boolean {
  try {
    cron(fieldNames.map((_, at) => (at === index ? fields[at] : '*')).join(' '));
    return true;
  } catch {
    return false;
  }
}

/** The first due time after an instant. `expression` has no `scheduleError`. */
export function nextDueTime(expression: string, after: Date): Date | undefined {
  return cron(expression).nextRun(after) ?? undefined;
}

/** The due times from an instant on, and before another one. */
export function dueTimesBetween(expression: string, from: Date, until: Date): readonly Date[] {
  const schedule = cron(expression);
  const times: Date[] = [];
  let time = schedule.nextRun(new Date(from.getTime() - 1));
  while (time !== null && time < until) {
    times.push(time);
    time = schedule.nextRun(time);
  }
  return times;
}

/** The last due time before an instant. */
export function previousDueTime(expression: string, before: Date): Date | undefined {
  return cron(expression).previousRuns(1, before)[0];
}

/**
 * Whether a probe is due in this scheduled run. With `everyMinutes` it is in the first one of each period of so many minutes, counted
 * from the epoch; so the result needs no memory, holds for any schedule, and two instances agree.
 *
 * @param now when the timer called, or the due time itself
 */
export function isDue(probe: { readonly everyMinutes?: number | undefined }, now: Date, expression: string): boolean {
  if (probe.everyMinutes === undefined) return true;
  const time = previousDueTime(expression, new Date(now.getTime() + scheduleToleranceMs));
  if (time === undefined) return true;
  const before = previousDueTime(expression, time);
  return before === undefined || periodOf(time, probe.everyMinutes) !== periodOf(before, probe.everyMinutes);
}

/**
 * The times of a schedule at which a probe is due, oldest first, as milliseconds since 1970: from `fromMs` inclusive to `toMs`
 * exclusive. The same rule as `isDue`, which decides for one instant.
 */
export function dueTimes(
  expression: string,
  { everyMinutes }: { readonly everyMinutes?: number | undefined },
  fromMs: number,
  toMs: number,
): number[] {
  const due: number[] = [];
  let before = previousDueTime(expression, new Date(fromMs));
  let time = nextDueTime(expression, new Date(fromMs - 1));
  while (time !== undefined && time.getTime() < toMs) {
    const isProbeDue =
      everyMinutes === undefined ||
      before === undefined ||
      periodOf(time, everyMinutes) !== periodOf(before, everyMinutes);
    if (isProbeDue && time.getTime() >= fromMs) due.push(time.getTime());
    before = time;
    time = nextDueTime(expression, time);
  }
  return due;
}

function periodOf(instant: Date, everyMinutes: number): number {
  return Math.floor(instant.getTime() / (everyMinutes * millisecondsPerMinute));
}

/**
 * `5/10` is "from 5 on, every 10" to the host, and a sloppy range to croner. An offset of 0 is UTC as much as the time zone is, and ten
 * times faster. A process has one schedule, whose parsed form is kept.
 */
function cron(expression: string): Cron {
  const known = parsed.get(expression);
  if (known !== undefined) return known;
  const schedule = new Cron(expression.trim(), { mode: '6-part', utcOffset: 0, domAndDow: true, sloppyRanges: true });
  parsed.set(expression, schedule);
  return schedule;
}

const parsed = new Map<string, Cron>();
