import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newTally, type RunTally } from '../../src/history/tally.ts';

const durationMs = fc.double({ min: 0, max: 220_000, noNaN: true });
const run = fc.record({
  verdict: fc.constantFrom('healthy' as const, 'degraded' as const, 'failing' as const, 'unknown' as const),
  durationMs,
  phases: fc.record({ tls: durationMs }, { requiredKeys: [] }),
});

function tallyOf(runs: readonly Parameters<ReturnType<typeof newTally>['addRun']>[0][]): RunTally {
  const tally = newTally();
  for (const each of runs) tally.addRun(each);
  return { counts: tally.counts(), histograms: tally.histograms.encode() };
}

/** HdrHistogram with three significant digits, in microseconds. */
function expectNear(foundMs: number, exactMs: number): void {
  expect(Math.abs(foundMs - exactMs)).toBeLessThanOrEqual(exactMs / 1000 + 0.001);
}

/** The value that `percentile` of all values do not exceed. */
function nearestRank(values: readonly number[], percentile: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)] ?? Number.NaN;
}

describe('a tally', () => {
  it('of hours added up, and written down in between, is that of all their runs together', () => {
    fc.assert(
      fc.property(fc.array(fc.array(run, { maxLength: 12 }), { maxLength: 8 }), (hours) => {
        const sum = newTally();
        for (const hour of hours) sum.addTally(tallyOf(hour));
        const direct = newTally();
        for (const each of hours.flat()) direct.addRun(each);
        expect(sum.counts()).toEqual(direct.counts());
        const [added, recorded] = [sum.histograms.percentiles(), direct.histograms.percentiles()];
        for (const measure of ['tls', 'total'] as const) {
          expect(added[measure]?.count).toBe(recorded[measure]?.count);
          for (const percentile of ['p50', 'p95', 'p99'] as const) {
            expectNear(added[measure]?.[percentile] ?? 0, recorded[measure]?.[percentile] ?? 0);
          }
        }
      }),
    );
  });

  it('has percentiles that are true to three digits', () => {
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 50 }), (runs) => {
        const sum = newTally();
        for (const each of runs) sum.addTally(tallyOf([each]));
        const { total } = sum.histograms.percentiles();
        for (const [percentile, found] of [
          [50, total?.p50],
          [95, total?.p95],
          [99, total?.p99],
        ] as const) {
          const exact = nearestRank(
            runs.map(({ durationMs }) => durationMs),
            percentile,
          );
          expectNear(found ?? Number.NaN, exact);
        }
      }),
    );
  });

  it('counts missed runs apart', () => {
    const tally = newTally();
    tally.addRun({ verdict: 'unknown', durationMs: 1, phases: {} });
    tally.addMissed(3);
    expect(tally.counts()).toEqual({ healthy: 0, degraded: 0, failing: 0, unknown: 1, missed: 3 });
  });
});
