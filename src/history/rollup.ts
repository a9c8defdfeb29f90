import * as z from 'zod/mini';
import { verdicts } from '../outcomes/outcome.ts';
import { type EncodedHistograms, measures } from '../outcomes/phaseHistograms.ts';
import type { RunState } from '../outcomes/runState.ts';
import { invertedTime } from '../storage/keys.ts';
import { double, type Row, type Table } from '../storage/table.ts';
import { type OnUnreadable, readableRows } from '../storage/unreadableRows.ts';
import { partitionOf } from './outcomeKeys.ts';
import { countedNames, type RunTally } from './tally.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** The longest window of a report, plus a day for its first hours. */
export const rolledUpDays = 31;

export type RollupSpan = 'hour' | 'day';

/** The runs of one probe in an hour, or in a UTC day as far as its hours are rolled up, and the state of the probe at the end. */
export interface Rollup extends RunTally {
  readonly span: RollupSpan;
  /** Milliseconds since 1970, like `endMs`. */
  readonly startMs: number;
  /** Exclusive. For the current day: the end of its last completed hour. */
  readonly endMs: number;
  readonly state: RunState;
}

/** Each location has its own rollups: a missed run at one location counts even if another location ran. */
export interface RollupStore {
  readonly table: Table;
  readonly location: string;
  readonly onUnreadable: OnUnreadable;
}

/** Partition: the probe and the location. Row key: the span and the inverted start, so that the newest row of a span comes first. */
export const rollupTable = 'outcomeRollups';

export function rollupRow({ location }: RollupStore, probe: string, rollup: Rollup): Row {
  const { span, startMs, endMs, counts, histograms } = rollup;
  const { totals, ...state } = rollup.state;
  return {
    partitionKey: partitionOf(probe, location),
    rowKey: `${span}-${invertedTime(startMs)}`,
    start: new Date(startMs).toISOString(),
    end: new Date(endMs).toISOString(),
    ...counts,
    ...state,
    ...Object.fromEntries(verdicts.map((verdict) => [`${verdict}Total`, double(totals[verdict])])),
    // One column for each: a string property holds 64 KiB, and the histograms of a busy day are long.
    ...Object.fromEntries(
      measures.flatMap((measure) => {
        const histogram = histograms[measure];
        return histogram === undefined ? [] : [[`${measure}Histogram`, histogram] as const];
      }),
    ),
  };
}

/** Newest first, by start: from `fromMs` inclusive to `toMs` exclusive. */
export async function readRollups(
  { table, location, onUnreadable }: RollupStore,
  probe: string,
  span: RollupSpan,
  { fromMs, toMs, count }: { readonly fromMs: number; readonly toMs: number; readonly count?: number },
  signal?: AbortSignal,
): Promise<Rollup[]> {
  if (toMs <= fromMs) return [];
  const query = {
    partitionKey: partitionOf(probe, location),
    from: `${span}-${invertedTime(toMs - 1)}`,
    before: `${span}-${invertedTime(fromMs)}.`,
    count,
    signal,
  };
  return readableRows(table, query, (row) => rollupOf(span, row), onUnreadable);
}

const count = z.int().check(z.nonnegative());
/** Stored as a double: the totals of a large fleet exceed an Int32 after years. */
const total = z.number().check(z.nonnegative());
const storedRollup = z.object({
  start: z.iso.datetime(),
  end: z.iso.datetime(),
  healthy: count,
  degraded: count,
  failing: count,
  unknown: count,
  missed: count,
  verdict: z.enum(verdicts),
  since: z.iso.datetime(),
  runs: count,
  firstRunAt: z.iso.datetime(),
  healthyTotal: total,
  degradedTotal: total,
  failingTotal: total,
  unknownTotal: total,
});

function rollupOf(span: RollupSpan, row: Readonly<Record<string, unknown>>): Rollup {
  const { start, end, verdict, since, runs, firstRunAt, ...counts } = storedRollup.parse(row);
  const { healthyTotal: healthy, degradedTotal: degraded, failingTotal: failing, unknownTotal: unknown } = counts;
  return {
    span,
    startMs: Date.parse(start),
    endMs: Date.parse(end),
    state: { verdict, since, runs, firstRunAt, totals: { healthy, degraded, failing, unknown } },
    counts: Object.fromEntries(countedNames.map((name) => [name, counts[name]])) as Rollup['counts'],
    histograms: histogramsOf(row),
  };
}

function histogramsOf(row: Readonly<Record<string, unknown>>): EncodedHistograms {
  return Object.fromEntries(
    measures.flatMap((measure) => {
      const histogram = row[`${measure}Histogram`];
      return typeof histogram === 'string' ? [[measure, histogram] as const] : [];
    }),
  );
}
