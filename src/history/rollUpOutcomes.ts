import { scheduleToleranceMs } from '../config/schedule.ts';
import { advance, type RunState } from '../outcomes/runState.ts';
import { type DueTimes, maxLatenessMs, missedRuns } from './missedRuns.ts';
import type { KeyRange } from './outcomeKeys.ts';
import type { RunSummary } from './outcomeRow.ts';
import { dayMs, hourMs, type Rollup, type RollupStore, readRollups, rolledUpDays, rollupRow } from './rollup.ts';
import { newTally } from './tally.ts';

export interface RollUpPlan {
  readonly probes: readonly { readonly name: string; readonly everyMinutes?: number | undefined }[];
  readonly dueTimes: DueTimes;
  /** Older outcomes have been deleted, except failures: a roll-up of failures only would be wrong. */
  readonly retentionDays: number;
  /** Default: one minute. The next call continues. */
  readonly budgetMs?: number;
}

export interface RollUpResult {
  /** Number of hours that were rolled up, over all probes. */
  readonly hours: number;
  /** False: the time was up, and the next call continues. */
  readonly complete: boolean;
}

const defaultBudgetMs = 60_000;
/** An hour is rolled up once its last run must have ended (220 s at most) and been recorded. */
const settleMs = 10 * 60_000;

type ReadSummaries = (probe: string, range: KeyRange) => Promise<readonly RunSummary[]>;

/**
 * Rolls up the completed hours from the outcomes, one UTC day at a time, oldest first. It starts with the newest hour in the table, which
 * is computed again because outcomes may have been recorded late. Repeating the work gives the same result.
 */
export async function rollUpOutcomes(
  store: RollupStore,
  readSummaries: ReadSummaries,
  now: Date,
  plan: RollUpPlan,
): Promise<RollUpResult> {
  const deadlineMs = performance.now() + (plan.budgetMs ?? defaultBudgetMs);
  const endMs = floorTo(hourMs, now.getTime() - settleMs);
  const oldestMs = floorTo(hourMs, now.getTime() - Math.min(rolledUpDays, plan.retentionDays) * dayMs) + hourMs;
  let hours = 0;
  for (const probe of plan.probes) {
    let { fromMs, state } = await progressOf(store, probe.name, oldestMs, endMs);
    // Extended at both ends for runs that started early or late.
    const range = { sinceMs: fromMs - scheduleToleranceMs, untilMs: endMs + maxLatenessMs };
    const runs = (await readSummaries(probe.name, range)).toReversed();
    if (state === undefined) fromMs = Math.max(fromMs, hourOf(runs[0], endMs));
    while (fromMs < endMs) {
      if (performance.now() > deadlineMs) return { hours, complete: false };
      const toMs = Math.min(floorTo(dayMs, fromMs) + dayMs, endMs);
      const rollups = hoursOf(fromMs, toMs, state, dayOfRuns(probe, fromMs, toMs, runs, plan.dueTimes));
      await writeDay(store, probe.name, fromMs, rollups);
      hours += rollups.length;
      state = rollups.at(-1)?.state ?? state;
      fromMs = toMs;
    }
  }
  return { hours, complete: true };
}

/** The first hour to roll up, and the state of the probe before it. */
async function progressOf(store: RollupStore, probe: string, oldestMs: number, endMs: number) {
  const [newest, before] = await readRollups(store, probe, 'hour', { fromMs: 0, toMs: endMs, count: 2 });
  if (newest === undefined) return { fromMs: oldestMs, state: undefined };
  if (newest.startMs < oldestMs) return { fromMs: oldestMs, state: newest.state };
  return { fromMs: newest.startMs, state: before?.state };
}

interface DayOfRuns {
  /** Oldest first. */
  readonly runs: readonly RunSummary[];
  readonly missedMs: readonly number[];
}

function dayOfRuns(
  probe: RollUpPlan['probes'][number],
  fromMs: number,
  toMs: number,
  allRuns: readonly RunSummary[],
  dueTimes: DueTimes,
): DayOfRuns {
  const [beginMs, endMs] = [fromMs - scheduleToleranceMs, toMs + maxLatenessMs];
  const runs = allRuns.filter(({ startedAt }) => {
    const startMs = Date.parse(startedAt);
    return startMs >= beginMs && startMs < endMs;
  });
  const starts = runs.filter(({ trigger }) => trigger === 'timer').map(({ startedAt }) => Date.parse(startedAt));
  return { runs, missedMs: missedRuns(dueTimes(probe, fromMs, endMs), starts) };
}

/** Leaves out hours before the probe's first run, in which nothing can have been missed. */
function hoursOf(fromMs: number, toMs: number, before: RunState | undefined, { runs, missedMs }: DayOfRuns): Rollup[] {
  const rollups: Rollup[] = [];
  let state = before;
  for (let startMs = fromMs; startMs < toMs; startMs += hourMs) {
    const isWithin = (timeMs: number) => timeMs >= startMs && timeMs < startMs + hourMs;
    const tally = newTally();
    for (const run of runs.filter(({ startedAt }) => isWithin(Date.parse(startedAt)))) {
      tally.addRun(run);
      state = advance(state, run);
    }
    if (state === undefined) continue;
    const firstRunMs = Date.parse(state.firstRunAt);
    tally.addMissed(missedMs.filter((dueMs) => isWithin(dueMs) && dueMs > firstRunMs).length);
    const histograms = tally.histograms.encode();
    rollups.push({ span: 'hour', startMs, endMs: startMs + hourMs, state, counts: tally.counts(), histograms });
  }
  return rollups;
}

/** Writes the hours before their day, so that a day never contains more than its hours. */
async function writeDay(store: RollupStore, probe: string, fromMs: number, hours: readonly Rollup[]): Promise<void> {
  if (hours.length === 0) return;
  await store.table.put(hours.map((hour) => rollupRow(store, probe, hour)));
  const startMs = floorTo(dayMs, fromMs);
  const hoursBefore = await readRollups(store, probe, 'hour', { fromMs: startMs, toMs: fromMs });
  const day = dayOf(startMs, [...hoursBefore.toReversed(), ...hours]);
  if (day) await store.table.put([rollupRow(store, probe, day)]);
}

function dayOf(startMs: number, hours: readonly Rollup[]): Rollup | undefined {
  const last = hours.at(-1);
  if (!last) return undefined;
  const tally = newTally();
  for (const hour of hours) tally.addTally(hour);
  const histograms = tally.histograms.encode();
  return { span: 'day', startMs, endMs: last.endMs, state: last.state, counts: tally.counts(), histograms };
}

function hourOf(run: RunSummary | undefined, otherwiseMs: number): number {
  return run === undefined ? otherwiseMs : floorTo(hourMs, Date.parse(run.startedAt));
}

function floorTo(unitMs: number, timeMs: number): number {
  return Math.floor(timeMs / unitMs) * unitMs;
}
