import { describe, expect, it } from 'vitest';
import { newTally, type RunTally } from '../../../src/history/tally.ts';
import { cachedSum } from '../../../src/status/report/cachedSum.ts';

function tallyOf(...durationsMs: readonly number[]): RunTally {
  const tally = newTally();
  for (const durationMs of durationsMs)
    tally.addRun({ verdict: 'healthy', durationMs, phases: { tls: durationMs / 2 } });
  return { counts: tally.counts(), histograms: tally.histograms.encode() };
}

function percentilesOf(sum: RunTally) {
  const tally = newTally();
  tally.addTally(sum);
  return tally.histograms.percentiles();
}

describe('the sum of tallies', () => {
  it('is that of all their runs', () => {
    const sum = cachedSum([tallyOf(100, 200), tallyOf(300), tallyOf()]);
    expect(sum.counts).toMatchObject({ healthy: 3, missed: 0 });
    expect(percentilesOf(sum)).toEqual(percentilesOf(tallyOf(100, 200, 300)));
  });

  it('is cached by the contents, so tallies that were read again have the same sum', () => {
    expect(cachedSum([tallyOf(100, 200), tallyOf(300)])).toBe(cachedSum([tallyOf(100, 200), tallyOf(300)]));
  });

  it('is another one if only the times differ', () => {
    expect(percentilesOf(cachedSum([tallyOf(100)])).total?.max).toBeCloseTo(100, 0);
    expect(percentilesOf(cachedSum([tallyOf(900)])).total?.max).toBeCloseTo(900, 0);
  });

  it('of no tallies has no runs and no times', () => {
    expect(cachedSum([])).toEqual({ counts: tallyOf().counts, histograms: {} });
  });
});
