import { describe, expect, it } from 'vitest';
import { HostError } from '../../../src/local/functionsHost/hostError.ts';
import { parseNcrontab } from '../../../src/local/functionsHost/timer/ncrontab.ts';

const next = (expression: string, after: string) =>
  parseNcrontab(expression, 'tick').nextAfter(new Date(after))?.toISOString();

describe('parseNcrontab', () => {
  // 24 November 2026 is a Tuesday.
  it.each([
    ['0 */5 * * * *', '2026-11-24T10:02:00.000Z', '2026-11-24T10:05:00.000Z'],
    ['0 */5 * * * *', '2026-11-24T10:05:00.000Z', '2026-11-24T10:10:00.000Z'],
    ['*/20 * * * * *', '2026-11-24T10:00:41.000Z', '2026-11-24T10:01:00.000Z'],
    ['0 30 9 * * 1-5', '2026-11-27T12:00:00.000Z', '2026-11-30T09:30:00.000Z'],
    ['0 30 9 * * Mon-Fri', '2026-11-27T12:00:00.000Z', '2026-11-30T09:30:00.000Z'],
    ['0 0 0 1 January *', '2026-11-24T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['0 0 0 29 2 *', '2026-11-24T00:00:00.000Z', '2028-02-29T00:00:00.000Z'],
    ['5,35 0 0 * * *', '2026-11-24T00:00:05.000Z', '2026-11-24T00:00:35.000Z'],
    ['0 5/20 * * * *', '2026-11-24T10:30:00.000Z', '2026-11-24T10:45:00.000Z'],
    // Both day and day of week have to fit: the first Friday the 13th.
    ['0 0 0 13 * 5', '2026-11-24T00:00:00.000Z', '2027-08-13T00:00:00.000Z'],
    ['*/5 * * * *', '2026-11-24T10:02:30.000Z', '2026-11-24T10:05:00.000Z'],
  ])('%s after %s is %s', (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  it('has no occurrence of a day that does not exist', () => {
    expect(next('0 0 0 30 2 *', '2026-11-24T00:00:00.000Z')).toBeUndefined();
  });

  it.each([
    ['*/30 * * * * *', true],
    ['0,30 * * * * *', true],
    ['5 * * * * *', false],
    ['*/30 0 * * * *', false],
    ['0 */5 * * * *', false],
  ])('knows whether %s is below one minute: %s', (expression, expected) => {
    expect(parseNcrontab(expression, 'tick').isBelowOneMinute).toBe(expected);
  });

  it.each([
    ['@hourly', 'it has 1 fields'],
    ['0 0 * * * * 2027', 'it has 7 fields'],
    ['0 60 * * * *', '60 is too large for the minute, whose maximum is 59'],
    ['0 0 0 * * 7', '7 is too large for the day of week, whose maximum is 6'],
    ['0 0 0 L * *', '"L" is not a day'],
    ['0 0 0 ? * 1', '"?" is not a day'],
    ['0 0 0 * * 1#2', '"1#2" is not a day of week'],
    ['0 0 0 * Foo *', '"Foo" is not a month'],
    ['0 *-5 * * * *', '"*-5" is not a minute'],
  ])('refuses %s, which NCrontab refuses, too', (expression, reason) => {
    expect(() => parseNcrontab(expression, 'tick')).toThrow(
      new HostError(
        `The schedule "${expression}" of the function tick is not valid: ${reason}. Expected six NCRONTAB fields such as "0 */5 * * * *".`,
      ),
    );
  });
});
