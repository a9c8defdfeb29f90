import type { TableClient } from '@azure/data-tables';
import type { Outcome } from '../outcomes/outcome.ts';
import type { OpenTable } from '../storage/openTable.ts';
import { type HeartbeatResult, heartbeatTable, readHeartbeats, recordHeartbeat, type Tick } from './heartbeat.ts';
import type { PruneOptions, PruneResult } from './maintainHistory.ts';
import { formatCursor } from './outcomeCursor.ts';
import { comparePositions, type KeyRange, type OutcomeIndex, positionOf, rangeFilter } from './outcomeKeys.ts';
import type { OutcomeQuery } from './outcomeQuery.ts';
import { outcomeOf, outcomeTable, type RunSummary, rowsOf, summaryColumns, summaryOf } from './outcomeRow.ts';
import type { RollUpPlan, RollUpResult } from './rollUpOutcomes.ts';
import type { Rollup, RollupSpan } from './rollup.ts';
import { type Pages, takeNewest } from './takeNewest.ts';

/**
 * The outcomes of all probes in Table Storage. Every method rejects when the storage cannot be reached; none hides a fault.
 * Apps in several locations share one history: `list` answers from all of them, everything else is about this app's own.
 */
export interface OutcomeHistory {
  /** Writing the same run again changes nothing. */
  append(outcome: Outcome): Promise<void>;
  latest(probe: string, signal?: AbortSignal): Promise<Outcome | undefined>;
  /** The newest healthy or degraded one, however long ago. */
  latestUp(probe: string, signal?: AbortSignal): Promise<Outcome | undefined>;
  /** Newest first, across the asked probes. */
  list(query: OutcomeQuery, signal?: AbortSignal): Promise<OutcomePage>;
  /** The newest of an index, whole, newest first. */
  newest(probe: string, index: OutcomeIndex, count: number, signal?: AbortSignal): Promise<readonly Outcome[]>;
  /** Newest first: what bars, counts and percentiles need. At most `count` (default: all in the range). */
  summaries(probe: string, range: KeyRange, options?: ReadOptions): Promise<readonly RunSummary[]>;
  /** Notes that the timer called. Twice for one tick is noticed, and answered with who was first. */
  recordHeartbeat(tick: Tick): Promise<HeartbeatResult>;
  /** The ticks at which the timer called, as milliseconds since 1970, newest first. */
  heartbeats(range: TimeRange, signal?: AbortSignal): Promise<readonly number[]>;
  /** Works out counts and percentiles of the hours that are over. For a timer, before `prune`; as often as you like. */
  rollUp(now: Date, plan: RollUpPlan): Promise<RollUpResult>;
  /** Newest first, by start: from `fromMs` inclusive to `toMs` exclusive. */
  rollups(probe: string, span: RollupSpan, range: RollupRange, signal?: AbortSignal): Promise<readonly Rollup[]>;
  /** Deletes what is past its time. For a timer. */
  prune(now: Date, options: PruneOptions): Promise<PruneResult>;
}

/** Milliseconds since 1970: inclusive to exclusive. */
export type TimeRange = Pick<KeyRange, 'sinceMs' | 'untilMs'>;

export interface RollupRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface OutcomePage {
  readonly outcomes: readonly Outcome[];
  /** Present when there is more: asks for the next page. */
  readonly cursor?: string;
}

export interface ReadOptions {
  readonly count?: number;
  readonly signal?: AbortSignal | undefined;
}

const appendTimeoutMs = 10_000;
/** The service answers with at most this many rows. */
const maxPageSize = 1000;
const minPageSize = 10;

/** `location`: where this app looks from, as in its outcomes. */
export function createOutcomeHistory(open: OpenTable, location: string): OutcomeHistory {
  const filterHere = (probe: string, index: OutcomeIndex, range?: KeyRange) =>
    `${rangeFilter(probe, index, range)} and location eq '${location.replaceAll("'", "''")}'`;
  const history: OutcomeHistory = {
    append: async (outcome) => write(await open(outcomeTable), outcome),
    latest: async (probe, signal) => (await history.newest(probe, 'all', 1, signal))[0],
    async latestUp(probe, signal) {
      const filter = `${filterHere(probe, 'all')} and (verdict eq 'healthy' or verdict eq 'degraded')`;
      const [row] = await readRows(await open(outcomeTable), filter, { count: 1, signal });
      return row && outcomeOf(row);
    },
    list: async (query, signal) => list(await open(outcomeTable), query, signal),
    async newest(probe, index, count, signal) {
      const rows = await readRows(await open(outcomeTable), filterHere(probe, index), { count, signal });
      return rows.map(outcomeOf);
    },
    async summaries(probe, range, options = {}) {
      const select = [...summaryColumns];
      const rows = await readRows(await open(outcomeTable), filterHere(probe, 'all', range), { ...options, select });
      return rows.map(summaryOf);
    },
    recordHeartbeat: async (tick) => recordHeartbeat(await open(heartbeatTable), location, tick, new Date()),
    heartbeats: async (range, signal) => readHeartbeats(await open(heartbeatTable), location, range, signal),
    // Histograms take their time to load, and no probe needs them.
    async rollUp(now, plan) {
      const [{ rollUpOutcomes }, { rollupTable }] = await Promise.all([
        import('./rollUpOutcomes.ts'),
        import('./rollup.ts'),
      ]);
      return rollUpOutcomes({ table: await open(rollupTable), location }, history.summaries, now, plan);
    },
    async rollups(probe, span, range, signal) {
      const { readRollups, rollupTable } = await import('./rollup.ts');
      return readRollups({ table: await open(rollupTable), location }, probe, span, range, signal);
    },
    async prune(now, options) {
      const { pruneOutcomes } = await import('./maintainHistory.ts');
      return pruneOutcomes(open, now, options);
    },
  };
  return history;
}

async function write(table: TableClient, outcome: Outcome): Promise<void> {
  const rows = rowsOf(outcome);
  const options = { abortSignal: AbortSignal.timeout(appendTimeoutMs) };
  if (rows.length === 1 && rows[0]) {
    await table.upsertEntity(rows[0], 'Replace', options);
    return;
  }
  // One partition, so one transaction: no index knows of a run that another one does not know.
  await table.submitTransaction(
    rows.map((row) => ['upsert', row, 'Replace']),
    options,
  );
}

async function list(table: TableClient, query: OutcomeQuery, signal?: AbortSignal): Promise<OutcomePage> {
  // One more than asked, to know whether there is a next page.
  const wanted = query.limit + 1;
  const pageSize = pageSizeFor(wanted, query.probes.length);
  const sources = query.probes.map((probe) => outcomePages(table, filterFor(probe, query), pageSize, signal));
  const found = await takeNewest(sources, wanted, (one, other) => comparePositions(positionOf(one), positionOf(other)));
  const outcomes = found.slice(0, query.limit);
  const last = outcomes.at(-1);
  return { outcomes, ...(found.length > query.limit && last && { cursor: formatCursor(positionOf(last)) }) };
}

/** Probes run about equally often: twice its share of the page is mostly enough of each. */
function pageSizeFor(wanted: number, probes: number): number {
  const share = probes <= 1 ? wanted : Math.max(minPageSize, Math.ceil((2 * wanted) / probes));
  return Math.min(share, wanted, maxPageSize);
}

function filterFor(probe: string, { verdict, ...range }: OutcomeQuery): string {
  if (verdict === undefined) return rangeFilter(probe, 'all', range);
  const index = verdict === 'healthy' ? 'all' : 'unhealthy';
  return `${rangeFilter(probe, index, range)} and verdict eq '${verdict}'`;
}

async function* outcomePages(
  table: TableClient,
  filter: string,
  pageSize: number,
  abortSignal?: AbortSignal,
): Pages<Outcome> & AsyncGenerator<readonly Outcome[]> {
  const options = { queryOptions: { filter }, ...(abortSignal && { abortSignal }) };
  for await (const page of table.listEntities(options).byPage({ maxPageSize: pageSize })) {
    yield page.map(outcomeOf);
  }
}

interface RowRequest extends ReadOptions {
  readonly select?: string[];
}

async function readRows(table: TableClient, filter: string, { count, select, signal }: RowRequest) {
  const rows: Record<string, unknown>[] = [];
  const pages = table
    .listEntities({ queryOptions: { filter, ...(select && { select }) }, ...(signal && { abortSignal: signal }) })
    .byPage({ maxPageSize: Math.min(count ?? maxPageSize, maxPageSize) });
  for await (const page of pages) {
    rows.push(...page);
    if (count !== undefined && rows.length >= count) break;
  }
  return count === undefined ? rows : rows.slice(0, count);
}
