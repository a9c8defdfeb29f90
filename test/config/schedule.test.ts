import { describe, expect, it } from 'vitest';
import { cadenceOf, runCounter, shortestGapSeconds } from '../../src/config/plan/cadence.ts';
import { isDue, nextDueTime, previousDueTime, scheduleError } from '../../src/config/schedule.ts';

const daysPerMonth = 1461 / 48;
const at = (text: string) => new Date(`${text}Z`);

describe('an NCRONTAB expression', () => {
  it.each([
    '0 */5 * * * *',
    '* * * * * *',
    '*/20 0-30/10 8,12,16 1,15 JAN-MAR MON-FRI',
    '0 5/10 * * * *',
    '0 0 0 29 2 *',
    '  0  0 0 * * 0-6 ',
    '0 0 0 * jan sun',
  ])('is accepted: %s', (expression) => {
    expect(scheduleError(expression)).toBeUndefined();
  });

  const notAField = (index: number, name: string, range: string) =>
    `expected an NCRONTAB ${name} in field ${index}: ${range}, *, lists, ranges and steps`;
  it.each(['SAT-SUN', 'sat-sun', 'FRI-MON', 'MON-SUN', 'TUE,SAT-SUN/2'])(
    'refuses the range of days %s, whose ends the host swaps (fault 67)',
    (days) =>
      expect(scheduleError(`0 0 6 * * ${days}`)).toMatch(/^expected days of the week in rising order in field 6, /),
  );

  const dayOfWeek = notAField(6, 'day of week', '0-6 or SUN-SAT');
  it.each([
    ['60 * * * * *', notAField(1, 'second', '0-59')],
    ['0 60 * * * *', notAField(2, 'minute', '0-59')],
    ['0 */0 * * * *', notAField(2, 'minute', '0-59')],
    ['0 /5 * * * *', notAField(2, 'minute', '0-59')],
    ['0 0 24 * * *', notAField(3, 'hour', '0-23')],
    ['0 0 22-2 * * *', notAField(3, 'hour', '0-23')],
    ['0 0 0 L * *', notAField(4, 'day of month', '1-31')],
    ['0 0 0 0 * *', notAField(4, 'day of month', '1-31')],
    ['0 0 0 ? * *', notAField(4, 'day of month', '1-31')],
    ['0 0 0 * 13 *', notAField(5, 'month', '1-12 or JAN-DEC')],
    ['0 0 0 * MON *', notAField(5, 'month', '1-12 or JAN-DEC')],
    ['0 0 0 * * 7', dayOfWeek],
    ['0 0 0 * * 5-7', dayOfWeek],
    ['0 0 0 * * FRI#2', dayOfWeek],
    ['0 0 0 * * Monday', dayOfWeek],
    ['0 0 0 31 2 *', 'expected a schedule that is due at some time: no such day exists'],
    [
      '@daily',
      'expected six fields (second, minute, hour, day of month, month, day of week), as in "0 */5 * * * *", not 1',
    ],
  ])('is refused as the host would refuse it: %s', (expression, error) => {
    expect(scheduleError(expression)).toBe(error);
  });
});

describe('a due time', () => {
  it.each([
    ['0 */5 * * * *', '2026-11-24T12:00:00.001', '2026-11-24T12:05:00', '2026-11-24T12:00:00'],
    ['0 0 0 31 * *', '2026-01-31T00:00:00', '2026-03-31T00:00:00', '2025-12-31T00:00:00'],
    ['0 0 0 29 2 *', '2026-11-24T12:00:00', '2028-02-29T00:00:00', '2024-02-29T00:00:00'],
    ['0 0 0 13 * FRI', '2026-11-13T00:00:00', '2027-08-13T00:00:00', '2026-03-13T00:00:00'],
    ['0 30 2 * * *', '2026-03-29T01:00:00', '2026-03-29T02:30:00', '2026-03-28T02:30:00'],
    ['30 59 23 31 12 *', '2026-12-31T23:59:59', '2027-12-31T23:59:30', '2026-12-31T23:59:30'],
  ])('of %s around %s: the next is %s, the last was %s', (expression, instant, next, previous) => {
    expect(nextDueTime(expression, at(instant))).toEqual(at(next));
    expect(previousDueTime(expression, at(instant))).toEqual(at(previous));
  });
});

describe('the scheduled runs of a probe', () => {
  const everyFive = '0 */5 * * * *';
  const dueTimesOf = (everyMinutes: number | undefined, schedule: string, first: string, runs: number) => {
    const due: string[] = [];
    let instant: Date | undefined = new Date(at(first).getTime() - 1);
    for (let count = 0; count < runs; count += 1) {
      instant = nextDueTime(schedule, instant);
      if (instant === undefined) break;
      if (isDue({ everyMinutes }, instant, schedule)) due.push(instant.toISOString().slice(0, 16));
    }
    return due;
  };

  it('is due in each scheduled run without everyMinutes', () => {
    expect(dueTimesOf(undefined, everyFive, '2026-11-24T00:00:00', 12)).toHaveLength(12);
  });

  it('is due on the hour with every 60 minutes, over a month end and a day without a run', () => {
    expect(dueTimesOf(60, everyFive, '2026-11-30T22:05:00', 24)).toEqual(['2026-11-30T23:00', '2026-12-01T00:00']);
  });

  it('is due in the first run of a period that no run begins', () => {
    expect(dueTimesOf(60, '0 10/20 * * * *', '2026-11-24T00:00:00', 6)).toEqual([
      '2026-11-24T00:10',
      '2026-11-24T01:10',
    ]);
  });

  it('is due in every run when the runs are less frequent', () => {
    expect(dueTimesOf(5, '0 0 */6 * * *', '2026-11-24T00:00:00', 4)).toHaveLength(4);
  });

  it('is due once a day, in the first run, with every 1440 minutes', () => {
    expect(dueTimesOf(1440, '0 0 8-18 * * MON-FRI', '2026-11-27T00:00:00', 22)).toEqual([
      '2026-11-27T08:00',
      '2026-11-30T08:00',
    ]);
  });

  it.each([
    ['on time', '2026-11-24T13:00:00.020', true],
    ['a little early, as timers may', '2026-11-24T12:59:59.900', true],
    ['late, because the host was not running', '2026-11-24T13:04:00', true],
    ['at the next run', '2026-11-24T13:05:00.020', false],
    ['a little early at the next run', '2026-11-24T13:04:59.990', false],
  ])('is judged by the due time, not by the clock, when the timer calls %s', (_, instant, expected) => {
    expect(isDue({ everyMinutes: 60 }, at(instant), everyFive)).toBe(expected);
  });
});

describe('runs in an average month', () => {
  it.each<[string, number | undefined, number]>([
    ['0 */5 * * * *', undefined, 288 * daysPerMonth],
    ['* * * * * *', undefined, 86_400 * daysPerMonth],
    ['0 */5 * * * *', 60, 24 * daysPerMonth],
    ['0 0 0 31 * *', undefined, 7 / 12],
    ['0 0 0 29 2 *', undefined, 1 / 48],
    ['0 0 9 * * MON-FRI', undefined, 1043 / 48],
    ['* * * * * *', 1, 1440 * daysPerMonth],
  ])('%s, every %s minutes: %d', (schedule, everyMinutes, expected) => {
    expect(runCounter(cadenceOf(schedule))(everyMinutes)).toBeCloseTo(expected, 9);
  });

  it('are those that isDue accepts', () => {
    const schedule = '0 */5 8-18 * * *';
    let due = 0;
    const end = at('2026-11-29T00:00:00');
    for (
      let instant = nextDueTime(schedule, at('2026-11-24T00:00:00'));
      instant !== undefined && instant < end;
      instant = nextDueTime(schedule, instant)
    ) {
      if (isDue({ everyMinutes: 30 }, instant, schedule)) due += 1;
    }

    expect((due / 5) * daysPerMonth).toBeCloseTo(runCounter(cadenceOf(schedule))(30), 9);
  });

  it.each([
    ['0 */5 * * * *', 300],
    ['0 0,50 * * * *', 600],
    ['0 0 0 * * *', 86_400],
    ['0,30 * * * * *', 30],
    ['*/25 * * * * *', 10],
    ['10,50 0 * * * *', 40],
    ['30 59 23,0 * * *', 3600],
  ])('the shortest time between runs of %s is %d seconds', (schedule, seconds) => {
    expect(shortestGapSeconds(cadenceOf(schedule))).toBe(seconds);
  });

  it.each([7, 13, 50, 61, 1001, 1439])('are counted one by one with every %d minutes, too', (everyMinutes) => {
    const { minutesOfDay, days } = cadenceOf('0 */10 6-20 * * MON,THU');
    const periods = new Set(
      days.flatMap((day) => minutesOfDay.map((minute) => Math.floor((day * 1440 + minute) / everyMinutes))),
    );
    expect(runCounter(cadenceOf('0 */10 6-20 * * MON,THU'))(everyMinutes)).toBeCloseTo(periods.size / 48, 9);
  });
});
