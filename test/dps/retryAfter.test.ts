import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRetryAfter } from '../../src/dps/retryAfter.ts';

describe('readRetryAfter', () => {
  it.each([
    ['what the service asks', '3', 3, false],
    ['a huge time as it is: the deadline decides', '999999', 999999, false],
    ['a fraction above a second', '1.5', 1.5, true],
    ['no time at all where zero is asked', '0', 0, false],
    ['no time at all where less than a second is asked', '0.0001', 0, true],
    ['no time at all just below a second', '0.999', 0, true],
    ["the SDKs' two seconds where it is missing", undefined, 2, true],
    ['two seconds where it is negative', '-5', 2, true],
    ['two seconds where it is not a number', 'soon', 2, true],
    ['two seconds where it is empty', '', 2, true],
    ['two seconds where it is infinite', 'Infinity', 2, true],
    ['two seconds where it is hexadecimal', '0x10', 2, true],
    ['two seconds where it is in exponents', '1e2', 2, true],
    ['a finite time where 400 digits are asked', '9'.repeat(400), 2 ** 31 - 1, true],
  ])('waits %s', (_case, sent, seconds, invalid) => {
    expect(readRetryAfter(sent, 1)).toEqual({ seconds, invalid });
  });

  it.each(['0', '0.0001', '0.9'])(
    "stops honouring %s before it would break the service's limit of five polls in ten seconds",
    (sent) => {
      const waits = [1, 2, 3, 4, 5, 6, 7].map((responses) => readRetryAfter(sent, responses).seconds);
      expect(waits).toEqual([0, 0, 0, 0, 0, 2, 2]);
    },
  );

  it('is a finite number of seconds, zero or at least one, whatever was sent', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String)),
        fc.nat(),
        (sent, responses) => {
          const { seconds } = readRetryAfter(sent, responses);
          expect(Number.isFinite(seconds) && (seconds === 0 || seconds >= 1)).toBe(true);
        },
      ),
    );
  });
});
