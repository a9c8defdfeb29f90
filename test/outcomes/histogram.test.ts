import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHistogram } from '../../src/outcomes/histogram.ts';

const percentiles = [0, 50, 90, 99, 99.9, 100];

function histogramOf(numbers: readonly number[]) {
  const histogram = createHistogram();
  for (const number of numbers) histogram.record(number);
  return histogram;
}

/** Mostly as small as phases are, sometimes as large as a bucket can hold. */
const number = fc.oneof(fc.nat(5_000), fc.nat(5_000_000), fc.nat(2 ** 31 - 1));

describe('a histogram', () => {
  it('has each percentile in the bucket of its nearest rank, which is a thousandth of its numbers wide', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 300 }), (numbers) => {
        const sorted = numbers.toSorted((one, other) => one - other);
        const found = histogramOf(numbers).valuesAt(percentiles);
        for (const [index, percentile] of percentiles.entries()) {
          const rank = Math.max(1, Math.ceil((percentile / 100) * sorted.length));
          const exact = sorted[rank - 1] ?? Number.NaN;
          expect(found[index]).toBeGreaterThanOrEqual(exact);
          expect(found[index]).toBeLessThanOrEqual(exact < 2048 ? exact : exact * 1.001);
        }
      }),
    );
  });

  it('is the same after it was written and read, in parts and in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.array(number, { maxLength: 40 }), { maxLength: 6 }), (parts) => {
        const whole = histogramOf(parts.flat());
        const read = createHistogram();
        for (const part of parts.toReversed()) read.addEncoded(histogramOf(part).encode());
        expect(read.encode()).toBe(whole.encode());
        expect(read.count).toBe(parts.flat().length);
        expect(read.valuesAt(percentiles)).toEqual(whole.valuesAt(percentiles));
      }),
    );
  });

  it('counts more runs of one number than a byte holds', () => {
    const text = histogramOf([7]).encode();
    const sum = createHistogram();
    for (let times = 0; times < 20_000; times += 1) sum.addEncoded(text);
    const again = createHistogram();
    again.addEncoded(sum.encode());
    expect(again.count).toBe(20_000);
    expect(again.valuesAt([50])).toEqual([7]);
  });

  it('counts what is beyond its range as the nearest number', () => {
    expect(histogramOf([-3]).valuesAt([100])).toEqual([0]);
    expect(histogramOf([Number.MAX_SAFE_INTEGER]).valuesAt([100])).toEqual([2 ** 31 - 1]);
  });

  it('of a day of runs is a text of a few hundred characters', () => {
    const runs = Array.from({ length: 288 }, (_, run) => 3_000_000 + ((run * 7919) % 900_000));
    expect(histogramOf(runs).encode().length).toBeLessThan(900);
  });
});
