import type { Outcome, Verdict } from '../outcomes/outcome.ts';
import { maxPageSize, quoted, type Table } from '../storage/table.ts';
import { type OnUnreadable, readableOf } from '../storage/unreadableRows.ts';
import { mergeNewest, type Pages } from './mergeNewest.ts';
import { comparePositions, formatPosition, indexRange, type Position, partitionOf, positionOf } from './outcomeKeys.ts';
import { outcomeOf } from './outcomeRow.ts';

/** Which outcomes to list. */
export interface OutcomeQuery {
  readonly probes: readonly string[];
  /** Milliseconds since 1970, inclusive. */
  readonly sinceMs?: number | undefined;
  /** Milliseconds since 1970, exclusive. */
  readonly untilMs?: number | undefined;
  readonly verdict?: Verdict | undefined;
  /** Default: all locations of the history. */
  readonly locations?: readonly string[] | undefined;
  readonly limit: number;
  /** The position of the previous page's last outcome. */
  readonly after?: Position | undefined;
}

export interface OutcomePage {
  readonly outcomes: readonly Outcome[];
  /** Present when there is a next page. */
  readonly cursor?: string;
}

const minPageSize = 10;

/** Merges the outcomes of all probes and locations of the query into one page, newest first. */
export async function listOutcomes(
  table: Table,
  query: OutcomeQuery,
  locations: readonly string[],
  onUnreadable: OnUnreadable,
  signal?: AbortSignal,
): Promise<OutcomePage> {
  // One more shows whether there is a next page.
  const wanted = query.limit + 1;
  const pageSize = pageSizeFor(wanted, query.probes.length * locations.length);
  const sources = query.probes.flatMap((probe) =>
    locations.map((location) => outcomePages(table, { probe, location, query, pageSize, onUnreadable, signal })),
  );
  const found = await mergeNewest(sources, wanted, (one, other) =>
    comparePositions(positionOf(one), positionOf(other)),
  );
  const outcomes = found.slice(0, query.limit);
  const last = outcomes.at(-1);
  return { outcomes, ...(found.length > query.limit && last && { cursor: formatPosition(positionOf(last)) }) };
}

/** Probes run about equally often, so twice the average share is usually enough of each. */
function pageSizeFor(wanted: number, sources: number): number {
  const share = sources <= 1 ? wanted : Math.max(minPageSize, Math.ceil((2 * wanted) / sources));
  return Math.min(share, wanted, maxPageSize);
}

interface OutcomeSource {
  readonly probe: string;
  readonly location: string;
  readonly query: OutcomeQuery;
  readonly pageSize: number;
  readonly onUnreadable: OnUnreadable;
  readonly signal: AbortSignal | undefined;
}

async function* outcomePages(
  table: Table,
  { probe, location, query: { verdict, ...range }, pageSize, onUnreadable, signal }: OutcomeSource,
): Pages<Outcome> & AsyncGenerator<readonly Outcome[]> {
  const index = verdict === undefined || verdict === 'healthy' ? 'all' : 'unhealthy';
  const partitionKey = partitionOf(probe, location);
  const pages = table.pages({
    partitionKey,
    ...indexRange(probe, index, range),
    where: verdict && `verdict eq ${quoted(verdict)}`,
    pageSize,
    signal,
  });
  for await (const page of pages) yield readableOf(table, partitionKey, page, outcomeOf, onUnreadable);
}
