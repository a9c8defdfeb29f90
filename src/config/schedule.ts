import { Cron } from 'croner';

const millisecondsPerMinute = 60_000;

/** A timer may call slightly before or after it is due. Due times are at least a second apart. */
export const scheduleToleranceMs = 500;

const names = 'JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT';
const value = `(?:\\d{1,2}|${names})`;
const item = `(?:\\*|${value}(?:-${value})?)(?:/\\d{1,2})?`;
const field = new RegExp(`^${item}(?:,${item})*$`, 'i');
const fieldNames = ['second', 'minute', 'hour', 'day of month', 'month', 'day of week'];

/**
 * Checks an NCRONTAB expression by the rules of the Functions host: six fields, in UTC, where day of month and day of week must both match.
 * croner also accepts `L`, `#`, `W`, `?` and 7 for Sunday, which the host refuses, so these are rejected first.
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

/** A range such as `SAT-SUN`: most readers expect a weekend, but for the host it is every day. */
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

/** Checks one field with `*` in all others, so that the error names the field. */
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

/** The last due time before an instant. */
export function previousDueTime(expression: string, before: Date): Date | undefined {
  return cron(expression).previousRuns(1, before)[0];
}

/**
 * Whether a probe is due in this scheduled run. A probe with `everyMinutes` is due in the first scheduled run of each period of that many
 * minutes since the epoch. So no state is needed, any schedule works, and all instances agree.
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
 * The times of a schedule at which a probe is due, oldest first, as milliseconds since 1970: from `fromMs` inclusive to `toMs` exclusive.
 * Applies the rule of `isDue`.
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
 * `5/10` means "every 10, starting at 5" for the host; croner needs `sloppyRanges` for it. `utcOffset: 0` is UTC and ten times faster than
 * a time zone. Parsed schedules are cached.
 */
function cron(expression: string): Cron {
  const known = parsed.get(expression);
  if (known !== undefined) return known;
  const schedule = new Cron(expression.trim(), { mode: '6-part', utcOffset: 0, domAndDow: true, sloppyRanges: true });
  parsed.set(expression, schedule);
  return schedule;
}

const parsed = new Map<string, Cron>();
