import { describe, expect, it } from 'vitest';
import { newTally, type RunTally } from '../../../src/history/tally.ts';
import { sumOf } from '../../../src/status/report/rememberedSums.ts';

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
    const sum = sumOf([tallyOf(100, 200), tallyOf(300), tallyOf()]);
    expect(sum.counts).toMatchObject({ healthy: 3, missed: 0 });
    expect(percentilesOf(sum)).toEqual(percentilesOf(tallyOf(100, 200, 300)));
  });

  it('is remembered for the same contents, wherever they were read', () => {
    expect(sumOf([tallyOf(100, 200), tallyOf(300)])).toBe(sumOf([tallyOf(100, 200), tallyOf(300)]));
  });

  it('is another one where only the times differ', () => {
    expect(percentilesOf(sumOf([tallyOf(100)])).total?.max).toBeCloseTo(100, 0);
    expect(percentilesOf(sumOf([tallyOf(900)])).total?.max).toBeCloseTo(900, 0);
  });

  it('of nothing has no runs and no times', () => {
    expect(sumOf([])).toEqual({ counts: tallyOf().counts, histograms: {} });
  });
});
