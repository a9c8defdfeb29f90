import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Outcome, verdicts } from '../../src/outcomes/outcome.ts';
import { newSummary } from '../../src/simulations/batchSummary.ts';
import { reportOf } from '../../src/simulations/simulationView.ts';
import { toChunks } from '../../src/storage/chunkedText.ts';
import { buildOutcome } from '../support/buildOutcome.ts';

const createdAtMs = Date.parse('2026-11-24T14:25:00.000Z');

const outcome: fc.Arbitrary<Outcome> = fc
  .record({
    verdict: fc.constantFrom(...verdicts),
    durationMs: fc.double({ min: 0.5, max: 60_000, noNaN: true }),
    second: fc.integer({ min: 0, max: 5000 }),
    hub: fc.integer({ min: 0, max: 3 }),
    errorCode: fc.integer({ min: 401_000, max: 401_004 }),
  })
  .map(({ verdict, durationMs, second, hub, errorCode }) =>
    buildOutcome({
      verdict,
      durationMs,
      startedAt: new Date(createdAtMs + second * 1000).toISOString(),
      phases: { tls: durationMs / 2 },
      reasons: verdict === 'healthy' ? [] : ['a sentence'],
      result:
        verdict === 'failing'
          ? { kind: 'rejected', phase: 'register', status: 401, errorCode }
          : { kind: 'assigned', operationId: 'o', assignedHub: `hub-${hub}`, deviceId: 'd' },
    }),
  );

function summaryOf(outcomes: readonly Outcome[]) {
  const summary = newSummary(createdAtMs);
  for (const each of outcomes) summary.add(each);
  return summary.build();
}

/** Split at arbitrary places, and serialised as JSON, as in the table. */
function inBatches(outcomes: readonly Outcome[], sizes: readonly number[]) {
  const batches: Outcome[][] = [];
  let rest = [...outcomes];
  for (const size of sizes) {
    batches.push(rest.slice(0, size));
    rest = rest.slice(size);
  }
  return [...batches, rest].map((batch) => ({ summary: JSON.parse(JSON.stringify(summaryOf(batch))) }));
}

describe('the sum over batches', () => {
  it('is the same as over all devices at once, percentiles included', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(outcome, { minLength: 1, maxLength: 60 }),
        fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 5 }),
        async (outcomes, sizes) => {
          const whole = await reportOf([{ summary: summaryOf(outcomes) }], createdAtMs);
          const summed = await reportOf(inBatches(outcomes, sizes), createdAtMs);
          const unordered = (report: typeof whole) => ({
            ...report,
            reasons: Object.fromEntries(
              report.reasons.map(({ verdict, reason, count }) => [`${verdict} ${reason}`, count]),
            ),
          });
          expect(unordered(summed)).toEqual(unordered(whole));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('counts every device in verdicts and timeline, and every one that is not healthy in reasons', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(outcome, { maxLength: 60 }), async (outcomes) => {
        const report = await reportOf([{ summary: summaryOf(outcomes) }], createdAtMs);
        const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
        expect(sum(Object.values(report.verdicts))).toBe(outcomes.length);
        expect(sum(report.timeline.flatMap(([, ...counts]) => counts))).toBe(outcomes.length);
        expect(sum(report.reasons.map(({ count }) => count))).toBe(outcomes.length - report.verdicts.healthy);
        expect(report.timeline.length).toBeLessThanOrEqual(60);
      }),
      { numRuns: 60 },
    );
  });

  it('gives percentiles within three significant digits of the exact ones', async () => {
    const outcomes = Array.from({ length: 1000 }, (_, i) => buildOutcome({ durationMs: (i + 1) * 3 }));
    const { percentiles } = await reportOf(inBatches(outcomes, [100, 333, 7]), createdAtMs);
    const { p50 = 0, p99 = 0, max = 0, count } = percentiles.total ?? {};
    expect(count).toBe(1000);
    for (const [got, exact] of [
      [p50, 1500],
      [p99, 2970],
      [max, 3000],
    ] as const) {
      expect(Math.abs(got - exact) / exact).toBeLessThan(0.001);
    }
  });

  it('stores three examples of each reason, and twenty reasons', () => {
    const rejected = Array.from({ length: 200 }, (_, i) =>
      buildOutcome({
        verdict: 'failing',
        reasons: ['x'.repeat(1000)],
        registrationId: `d-${i}`,
        result: { kind: 'rejected', phase: 'register', status: 401, errorCode: 401_000 + (i % 30) },
      }),
    );
    const { reasons } = summaryOf(rejected);
    expect(reasons).toHaveLength(21);
    expect(reasons[0]).toMatchObject({ reason: 'everything else', count: 60 });
    for (const { examples } of reasons) expect(examples).toHaveLength(3);
    expect(() => toChunks('summary', JSON.stringify(summaryOf(rejected)))).not.toThrow();
  });

  it.each(['cancelled', 'expired'] as const)(
    'counts devices that a halted simulation did not start (%s) separately',
    async (cause) => {
      const never = buildOutcome({
        verdict: 'unknown',
        durationMs: 0,
        result: { kind: 'notRun', cause, message: 'm' },
      });
      const report = reportOf(inBatches([never, buildOutcome({}), never], [1]), createdAtMs);
      expect(report).toMatchObject({ done: 3, cancelled: 2, reasons: [], verdicts: { healthy: 1, unknown: 0 } });
      expect(report.timeline.flatMap(([, ...counts]) => counts).reduce((a, b) => a + b, 0)).toBe(1);
    },
  );

  it('excludes devices that did not run from latencies, hubs and speed', () => {
    const never = buildOutcome({
      verdict: 'unknown',
      phases: {},
      durationMs: 0,
      result: { kind: 'notRun', cause: 'neverRun', message: 'm' },
    });
    const { histograms, hubs, firstStartMs, devices } = summaryOf([never]);
    expect({ histograms, hubs, firstStartMs, devices }).toEqual({ histograms: {}, hubs: {}, devices: 1 });
  });
});
