import { createOnce } from '../identity/createOnce.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import { runStartMs } from '../outcomes/runId.ts';
import { advance, noRuns, type RunState, type RunTotals } from '../outcomes/runState.ts';
import type { CallOptions } from '../storage/callLimit.ts';
import type { OpenTables } from '../storage/openTables.ts';
import { quoted } from '../storage/table.ts';
import { createUnreadableRows, readableRows } from '../storage/unreadableRows.ts';
import {
  type CompletedRun,
  completeHeartbeat,
  type Heartbeat,
  type HeartbeatOf,
  type HeartbeatResult,
  heartbeatTable,
  readHeartbeats,
  type StartedRun,
  startHeartbeat,
} from './heartbeat.ts';
import { listOutcomes, type OutcomePage, type OutcomeQuery } from './listOutcomes.ts';
import { knownLocations, locationTable, registerLocation } from './locations.ts';
import { indexRange, type KeyRange, type OutcomeIndex, partitionOf } from './outcomeKeys.ts';
import { outcomeOf, outcomeTable, type RunSummary, rowsOf, summaryColumns, summaryOf } from './outcomeRow.ts';
import type { PruneOptions, PruneResult } from './pruneHistory.ts';
import type { RollUpPlan, RollUpResult } from './rollUpOutcomes.ts';
import type { Rollup, RollupSpan } from './rollup.ts';

/**
 * The outcomes of all probes in Table Storage. Every method rejects when the storage cannot be reached. Apps in several locations share one
 * history: `list` reads all locations, the other methods only `location`.
 */
export interface OutcomeHistory {
  /** The app's own location, or the argument of `at`. */
  readonly location: string;
  /** The same history for another location. */
  at(location: string): OutcomeHistory;
  /** All locations that write to this history, and the app's own, in alphabetical order. */
  locations(signal?: AbortSignal): Promise<readonly string[]>;
  /** Writing the same run again changes nothing. */
  append(outcome: Outcome): Promise<void>;
  latest(probe: string, signal?: AbortSignal): Promise<Outcome | undefined>;
  /** The newest healthy or degraded one, however long ago. */
  latestUp(probe: string, signal?: AbortSignal): Promise<Outcome | undefined>;
  /** Newest first, across the probes and locations of the query; default: all locations. */
  list(query: OutcomeQuery, signal?: AbortSignal): Promise<OutcomePage>;
  /** The newest outcomes of an index, newest first. */
  newest(probe: string, index: OutcomeIndex, count: number, signal?: AbortSignal): Promise<readonly Outcome[]>;
  /** One run of a probe; undefined when it does not exist or has been deleted. */
  find(probe: string, runId: string, signal?: AbortSignal): Promise<Outcome | undefined>;
  /** Newest first, with the fields for bars, counts and percentiles. At most `count` (default: all in the range). */
  summaries(probe: string, range: KeyRange, options?: ReadOptions): Promise<readonly RunSummary[]>;
  /** Records that a timer called. If it called twice for one scheduled run, returns the first call. */
  startHeartbeat(of: HeartbeatOf, run: StartedRun, options?: CallOptions): Promise<HeartbeatResult>;
  /** Records that the work of a scheduled run has ended. Without this record, its worker has died. */
  completeHeartbeat(of: HeartbeatOf, run: CompletedRun, options?: CallOptions): Promise<void>;
  /** The scheduled runs for which a timer called, newest first. */
  heartbeats(of: HeartbeatOf, range: TimeRange, options?: ReadOptions): Promise<readonly Heartbeat[]>;
  /** Computes counts and percentiles of the completed hours. For a timer, before `prune`. Calling it again is safe. */
  rollUp(now: Date, plan: RollUpPlan): Promise<RollUpResult>;
  /** Newest first, by start: from `fromMs` inclusive to `toMs` exclusive. */
  rollups(probe: string, span: RollupSpan, range: RollupRange, signal?: AbortSignal): Promise<readonly Rollup[]>;
  /** Number of a probe's runs by verdict since its first run: from the newest roll-up and the runs since. */
  runTotals(probe: string, signal?: AbortSignal): Promise<RunTotals>;
  /** Deletes rows whose retention period has passed. For a timer. */
  prune(now: Date, options: PruneOptions): Promise<PruneResult>;
  /** Names of rows that no method could read lately, and left out: another program or another version of this app wrote them. */
  unreadable(): readonly string[];
}

/** Milliseconds since 1970: inclusive to exclusive. */
export type TimeRange = Pick<KeyRange, 'sinceMs' | 'untilMs'>;

export interface RollupRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ReadOptions {
  readonly count?: number;
  readonly signal?: AbortSignal | undefined;
}

const dayMs = 86_400_000;
/** A run takes at most 220 s, and Azure ends a request after 230 s. */
const recordMs = 5_000;
/** A caller waits for it, and has waited for the same storage before the run. */
const stalledRecordMs = 500;

/** The time limits of calls that record an outcome. */
export function recordingLimits({ trigger }: Pick<Outcome, 'trigger'>): CallOptions {
  return { limitMs: recordMs, ...(trigger !== 'timer' && { stalledLimitMs: stalledRecordMs }) };
}

/** `location`: the location of this app's outcomes. */
export function createOutcomeHistory(
  open: OpenTables,
  location: string,
  unreadable = createUnreadableRows(),
): OutcomeHistory {
  const outcomes = open(outcomeTable);
  const read = (query: Parameters<typeof readableRows>[1]) => readableRows(outcomes, query, outcomeOf, unreadable.note);
  /** `rollupTable`: the module with its name is loaded on demand. */
  const rollupsIn = (rollupTable: string) => ({ table: open(rollupTable), location, onUnreadable: unreadable.note });
  const here = (probe: string, index: OutcomeIndex, range?: KeyRange) => ({
    partitionKey: partitionOf(probe, location),
    ...indexRange(probe, index, range),
  });
  const register = createOnce(() =>
    registerLocation(open(locationTable), location, { stalledLimitMs: stalledRecordMs }),
  );
  let registerAgainMs = Date.now() + dayMs;
  const history: OutcomeHistory = {
    location,
    at: (other) => (other === location ? history : createOutcomeHistory(open, other, unreadable)),
    locations: (signal) => knownLocations(open(locationTable), location, signal),
    async append(outcome) {
      if (Date.now() > registerAgainMs) {
        registerAgainMs = Date.now() + dayMs;
        register.forget();
      }
      // All rows are in one partition and one transaction, so the indexes are always consistent.
      const put = outcomes.put(rowsOf(outcome), recordingLimits(outcome));
      await Promise.all([put, register().catch(() => undefined)]);
    },
    latest: async (probe, signal) => (await history.newest(probe, 'all', 1, signal))[0],
    async latestUp(probe, signal) {
      const where = "(verdict eq 'healthy' or verdict eq 'degraded')";
      return (await read({ ...here(probe, 'all'), where, count: 1, signal }))[0];
    },
    list: async (query, signal) =>
      listOutcomes(outcomes, query, query.locations ?? (await history.locations(signal)), unreadable.note, signal),
    newest: (probe, index, count, signal) => read({ ...here(probe, index), count, signal }),
    async find(probe, runId, signal) {
      const startMs = runStartMs(runId);
      // The ID contains the start. For an ID from another program, search the whole partition.
      const range = startMs === undefined ? {} : { sinceMs: startMs, untilMs: startMs + 1 };
      const where = `runId eq ${quoted(runId)}`;
      return (await read({ ...here(probe, 'all', range), where, count: 1, signal }))[0];
    },
    summaries(probe, range, options = {}) {
      const query = { ...here(probe, 'all', range), ...options, select: summaryColumns };
      return readableRows(outcomes, query, summaryOf, unreadable.note);
    },
    startHeartbeat: (of, run, options) => startHeartbeat(open(heartbeatTable), { of, location }, run, options),
    completeHeartbeat: (of, run, options) => completeHeartbeat(open(heartbeatTable), { of, location }, run, options),
    heartbeats: (of, range, options) => readHeartbeats(open(heartbeatTable), { of, location }, range, options),
    // The histogram library loads slowly, and probes do not need it.
    async rollUp(now, plan) {
      const [{ rollUpOutcomes }, { rollupTable }] = await Promise.all([
        import('./rollUpOutcomes.ts'),
        import('./rollup.ts'),
      ]);
      return rollUpOutcomes(rollupsIn(rollupTable), history.summaries, now, plan);
    },
    async rollups(probe, span, range, signal) {
      const { readRollups, rollupTable } = await import('./rollup.ts');
      return readRollups(rollupsIn(rollupTable), probe, span, range, signal);
    },
    async runTotals(probe, signal) {
      const { readRollups, rollupTable } = await import('./rollup.ts');
      const [newest] = await readRollups(
        rollupsIn(rollupTable),
        probe,
        'hour',
        { fromMs: 0, toMs: Date.now(), count: 1 },
        signal,
      );
      const since = await history.summaries(probe, { sinceMs: newest?.endMs }, { signal });
      return since.reduceRight<RunState | undefined>(advance, newest?.state)?.totals ?? noRuns;
    },
    async prune(now, options) {
      const { pruneHistory } = await import('./pruneHistory.ts');
      return pruneHistory(open, now, options);
    },
    unreadable: unreadable.recent,
  };
  return history;
}
