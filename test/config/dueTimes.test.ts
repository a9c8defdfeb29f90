import { describe, expect, it } from 'vitest';
import { dueTimes, isDue } from '../../src/config/schedule.ts';

const midnight = Date.UTC(2026, 10, 24);
const minute = 60_000;
const clock = (dueMs: number) => new Date(dueMs).toISOString().slice(11, 19);

describe('the times at which a probe is due', () => {
  it.each([
    ['0 */5 * * * *', undefined, 0, 20, ['00:00:00', '00:05:00', '00:10:00', '00:15:00']],
    ['0 */5 * * * *', undefined, 1, 10, ['00:05:00']],
    ['0 */5 * * * *', undefined, 6, 6, []],
    ['0 */5 * * * *', 15, 1, 60, ['00:15:00', '00:30:00', '00:45:00']],
    ['30 * * * * *', 2, 0, 6, ['00:00:30', '00:02:30', '00:04:30']],
    ['0 0 0 30 2 *', undefined, 0, 60, []],
    ['*/20 * * * * *', undefined, 0, 1, ['00:00:00', '00:00:20', '00:00:40']],
  ])('of %j, every %s minutes, from minute %i to %i are %j', (expression, everyMinutes, from, to, expected) => {
    const times = dueTimes(expression, { everyMinutes }, midnight + from * minute, midnight + to * minute);
    expect(times.map(clock)).toEqual(expected);
  });

  it.each([undefined, 3, 7, 60])('are those that the timer would run, at every %s minutes', (everyMinutes) => {
    const expression = '0 */2 * * * *';
    const all = dueTimes(expression, {}, midnight, midnight + 180 * minute);
    const run = all.filter((dueMs) => isDue({ everyMinutes }, new Date(dueMs), expression));
    expect(dueTimes(expression, { everyMinutes }, midnight, midnight + 180 * minute)).toEqual(run);
  });
});
