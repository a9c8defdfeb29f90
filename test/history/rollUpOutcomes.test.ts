import { describe, expect, it } from 'vitest';
import { dueTimes } from '../../src/config/schedule.ts';
import type { OutcomeHistory } from '../../src/history/history.ts';
import { dayMs, hourMs } from '../../src/history/rollup.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { seedOutcomes } from '../support/seedOutcomes.ts';
import { historyAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const open = () => historyAt(azurite.connectionString());
const midnight = Date.UTC(2026, 10, 20);
const minuteMs = 60_000;
const everything = { fromMs: 0, toMs: midnight + 365 * dayMs };

/** One run every ten minutes; `change` may leave one out, or make it another. */
function runs(
  probe: string,
  fromMs: number,
  toMs: number,
  change: (run: Outcome, atMs: number) => Outcome | undefined = (run) => run,
) {
  const outcomes: Outcome[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += 10 * minuteMs) {
    const startedAt = new Date(atMs + 20).toISOString();
    const run = change(
      buildOutcome({ probe, runId: `run-${atMs}`, startedAt, durationMs: 1000 + ((atMs / minuteMs) % 60) }),
      atMs,
    );
    if (run) outcomes.push(run);
  }
  return outcomes;
}

/** Every seventh run is missing, and every fifth one failed. */
function withGapsAndFailures(run: Outcome, atMs: number): Outcome | undefined {
  if (atMs % (70 * minuteMs) === 0) return undefined;
  return { ...run, verdict: atMs % (50 * minuteMs) === 0 ? 'failing' : 'healthy' };
}

const plan = (name: string, budgetMs?: number) => ({
  probes: [{ name }],
  retentionDays: 90,
  dueTimes: (probe: { everyMinutes?: number | undefined }, fromMs: number, toMs: number) =>
    dueTimes('0 */10 * * * *', probe, fromMs, toMs),
  ...(budgetMs !== undefined && { budgetMs }),
});

async function hoursOf(history: OutcomeHistory, probe: string) {
  return (await history.rollups(probe, 'hour', everything)).toReversed();
}

describe('rolling up', () => {
  it('stores the number of runs, so that a roll-up, a late run or a deletion never reduces a total', async () => {
    const probe = 'monotonic';
    const history = open();
    const seen: number[] = [];
    const total = async () => seen.push(Object.values(await history.runTotals(probe)).reduce((a, b) => a + b));
    await seedOutcomes(azurite.connectionString(), runs(probe, midnight, midnight + 1.5 * hourMs));
    await total();
    await history.rollUp(new Date(midnight + 2 * hourMs), plan(probe));
    await total();
    // Written late: after its hour was rolled up.
    const late = {
      ...buildOutcome({ probe, runId: 'late', verdict: 'failing' }),
      startedAt: '2026-11-20T00:45:00.000Z',
    };
    await seedOutcomes(azurite.connectionString(), [late]);
    await total();
    await seedOutcomes(azurite.connectionString(), runs(probe, midnight + 1.5 * hourMs, midnight + 3 * hourMs));
    await history.rollUp(new Date(midnight + 3.5 * hourMs), plan(probe));
    await total();
    await history.prune(new Date(midnight + 3 * dayMs), { retentionDays: 1 });
    expect(await history.summaries(probe, {}, {})).toHaveLength(1); // the failure is stored longer
    await total();
    expect(seen).toEqual([9, 9, 9, 19, 19]);
  });

  it('counts each past hour, and not the current one', async () => {
    const probe = 'counted';
    const failing = new Set([midnight + 30 * minuteMs, midnight + 40 * minuteMs, midnight + 80 * minuteMs]);
    await seedOutcomes(
      azurite.connectionString(),
      runs(probe, midnight, midnight + 2.5 * hourMs, (run, atMs) =>
        failing.has(atMs) ? { ...run, verdict: 'failing' } : run,
      ),
    );
    const history = open();
    const result = await history.rollUp(new Date(midnight + 2.5 * hourMs), plan(probe));
    expect(result).toEqual({ hours: 2, complete: true });
    expect(await hoursOf(history, probe)).toMatchObject([
      {
        startMs: midnight,
        endMs: midnight + hourMs,
        counts: { healthy: 4, degraded: 0, failing: 2, unknown: 0, missed: 0 },
        state: {
          verdict: 'healthy',
          runs: 1,
          since: '2026-11-20T00:50:00.020Z',
          firstRunAt: '2026-11-20T00:00:00.020Z',
        },
      },
      {
        counts: { healthy: 5, failing: 1, missed: 0 },
        state: { verdict: 'healthy', runs: 3, since: '2026-11-20T01:30:00.020Z' },
      },
    ]);
  });

  it('waits for the last runs of an hour before it counts it', async () => {
    const probe = 'settling';
    await seedOutcomes(azurite.connectionString(), runs(probe, midnight, midnight + hourMs));
    const history = open();
    expect(await history.rollUp(new Date(midnight + hourMs + 9 * minuteMs), plan(probe))).toMatchObject({ hours: 0 });
    expect(await history.rollUp(new Date(midnight + hourMs + 10 * minuteMs), plan(probe))).toMatchObject({ hours: 1 });
  });

  it('counts a gap as missed, also over hours without any run, and nothing before the first run of all', async () => {
    const probe = 'gap';
    const firstMs = midnight + 90 * minuteMs;
    await seedOutcomes(
      azurite.connectionString(),
      runs(probe, firstMs, midnight + 6 * hourMs, (run, atMs) =>
        atMs >= midnight + 2.5 * hourMs && atMs < midnight + 4.5 * hourMs ? undefined : run,
      ),
    );
    const history = open();
    await history.rollUp(new Date(midnight + 6 * hourMs), plan(probe));
    const counts = (await hoursOf(history, probe)).map(({ startMs, counts }) => [
      (startMs - midnight) / hourMs,
      counts.healthy,
      counts.missed,
    ]);
    expect(counts).toEqual([
      [1, 3, 0],
      [2, 3, 3],
      [3, 0, 6],
      [4, 3, 3],
    ]);
  });

  it('is the same for any number and order of steps', async () => {
    for (const probe of ['at-once', 'in-steps']) {
      await seedOutcomes(
        azurite.connectionString(),
        runs(probe, midnight + 20 * hourMs, midnight + 52 * hourMs, withGapsAndFailures),
      );
    }
    const history = open();
    const endMs = midnight + 52 * hourMs + 30 * minuteMs;
    await history.rollUp(new Date(endMs), plan('at-once'));
    for (let atMs = midnight + 21 * hourMs; atMs <= endMs; atMs += 5 * hourMs)
      await history.rollUp(new Date(atMs), plan('in-steps'));
    await history.rollUp(new Date(endMs), plan('in-steps'));
    await history.rollUp(new Date(endMs), plan('in-steps'));
    for (const span of ['hour', 'day'] as const) {
      const atOnce = await history.rollups('at-once', span, everything);
      expect(await history.rollups('in-steps', span, everything)).toEqual(atOnce);
      expect(atOnce.length).toBe(span === 'hour' ? 32 : 3);
    }
  });

  it('counts for each day the sum of its hours', async () => {
    const probe = 'days';
    await seedOutcomes(
      azurite.connectionString(),
      runs(probe, midnight + 20 * hourMs, midnight + 52 * hourMs, withGapsAndFailures),
    );
    const history = open();
    await history.rollUp(new Date(midnight + 52.5 * hourMs), plan(probe));
    const [today, yesterday] = await history.rollups(probe, 'day', everything);
    const hours = await hoursOf(history, probe);
    const within = hours.filter(({ startMs }) => startMs >= midnight + dayMs && startMs < midnight + 2 * dayMs);
    expect(within).toHaveLength(24);
    for (const name of ['healthy', 'failing', 'missed'] as const) {
      expect(yesterday?.counts[name]).toBe(within.reduce((sum, { counts }) => sum + counts[name], 0));
    }
    expect(yesterday?.state).toEqual(within.at(-1)?.state);
    expect(today).toMatchObject({ startMs: midnight + 2 * dayMs, endMs: midnight + 52 * hourMs });
  });

  it('counts what was written late into the newest hour', async () => {
    const probe = 'late';
    const [first, ...others] = runs(probe, midnight, midnight + hourMs);
    await seedOutcomes(azurite.connectionString(), others);
    const history = open();
    const now = new Date(midnight + 1.5 * hourMs);
    await history.rollUp(now, plan(probe));
    if (first) await history.append(first);
    await history.rollUp(now, plan(probe));
    expect(await hoursOf(history, probe)).toMatchObject([{ counts: { healthy: 6 } }]);
  });

  it('stops when its time is up, and continues with the next call', async () => {
    const probe = 'bounded';
    await seedOutcomes(azurite.connectionString(), runs(probe, midnight, midnight + 2 * hourMs));
    const history = open();
    const now = new Date(midnight + 3 * hourMs);
    expect(await history.rollUp(now, plan(probe, -1))).toEqual({ hours: 0, complete: false });
    expect(await history.rollUp(now, plan(probe))).toMatchObject({ complete: true });
    expect(await hoursOf(history, probe)).toHaveLength(2);
  });

  it('begins with the first hour of which all outcomes are stored, because only failures are stored for longer', async () => {
    const probe = 'retained';
    await seedOutcomes(
      azurite.connectionString(),
      runs(probe, midnight - 4 * dayMs, midnight, (run, atMs) =>
        atMs < midnight - 2 * dayMs ? (atMs % hourMs === 0 ? { ...run, verdict: 'failing' } : undefined) : run,
      ),
    );
    const history = open();
    await history.rollUp(new Date(midnight + 30 * minuteMs), { ...plan(probe), retentionDays: 2 });
    const hours = await hoursOf(history, probe);
    expect(hours[0]?.startMs).toBe(midnight - 2 * dayMs + hourMs);
    expect(hours.every(({ counts }) => counts.failing === 0)).toBe(true);
  });
});
