import { describe, expect, it } from 'vitest';
import { isInvalidRetryAfter, retryAfterSeconds } from '../../src/dps/retryAfter.ts';

describe('retryAfterSeconds', () => {
  it.each([
    ['what the service asks', '3', 3],
    ['a huge one as it is: the deadline decides', '999999', 999999],
    ['a fraction', '0.5', 0.5],
    ['no wait at all where zero is asked', '0', 0],
    ["the SDKs' two seconds where it is missing", undefined, 2],
    ['two seconds where it is negative', '-5', 2],
    ['two seconds where it is no number', 'soon', 2],
    ['two seconds where it is empty', '', 2],
    ['two seconds where it is infinite', 'Infinity', 2],
  ])('waits %s', (_case, sent, seconds) => {
    expect(retryAfterSeconds(sent, 1)).toBe(seconds);
  });

  it("stops honouring zero before it would break the service's limit of five polls in ten seconds", () => {
    expect([1, 2, 3, 4, 5, 6, 7].map((answers) => retryAfterSeconds('0', answers))).toEqual([0, 0, 0, 0, 0, 2, 2]);
  });

  it.each([
    ['3', false],
    ['0', false],
    [undefined, true],
    ['-1', true],
    ['soon', true],
  ])('finds %j odd: %s', (sent, odd) => {
    expect(isInvalidRetryAfter(sent)).toBe(odd);
  });
});
