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
  /** Older outcomes are gone, but for failures: an hour of failures only would be a wrong hour. */
  readonly retentionDays: number;
  /** Default a minute. What is not done then is done the next time. */
  readonly budgetMs?: number;
}

export interface RollUpResult {
  /** Hours of all probes that were worked out. */
  readonly hours: number;
  /** False: the time was up, and the next call goes on from there. */
  readonly complete: boolean;
}

const defaultBudgetMs = 60_000;
/** An hour is worked out once its last run has ended (220 s at most) and is written down. */
const settleMs = 10 * 60_000;

type ReadSummaries = (probe: string, range: KeyRange) => Promise<readonly RunSummary[]>;

/**
 * Works out the hours that are over, from the outcomes alone, a UTC day at a time and oldest first: the newest hour in the table
 * says how far that has come. That hour is worked out again, for what was written late; doing any of it twice changes nothing.
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
    // A little more at both ends, for runs that came before or after they were due.
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

/** The first hour to work out, and the state of the probe before it. */
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

/** Hours before the first run of all are left out: nothing was there to be missed. */
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

/** The hours first, then the day that they are part of: a day never knows more than its hours do. */
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
