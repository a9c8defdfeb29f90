import type { Outcome } from '../outcomes/outcome.ts';
import { invertedTime, keyText } from '../storage/keys.ts';
import type { RowQuery } from '../storage/table.ts';

/**
 * Rows of one probe at one location are one partition, and a table sorts a partition by row key, upwards. So the row key begins with an
 * index and the complement of the time: the newest rows of an index are its first ones, and are read without a scan.
 * `all` holds every outcome; `unhealthy` and `drift` hold those that are looked for most among many healthy ones.
 */
export const outcomeIndexes = ['all', 'unhealthy', 'drift'] as const;

export type OutcomeIndex = (typeof outcomeIndexes)[number];

/** Where an outcome stands among all others: newest first, then by run, then by probe. */
export interface Position {
  readonly key: string;
  readonly probe: string;
}

/** The same outcome written twice has the same key, hence is one row. */
export function positionOf(outcome: Pick<Outcome, 'probe' | 'startedAt' | 'runId'>): Position {
  const key = `${invertedTime(Date.parse(outcome.startedAt))}-${keyText(outcome.runId)}`;
  return { key, probe: outcome.probe };
}

export function comparePositions(one: Position, other: Position): number {
  return compareText(one.key, other.key) || compareText(one.probe, other.probe);
}

export function rowKeyOf(index: OutcomeIndex, position: Position): string {
  return `${index}-${position.key}`;
}

/** In milliseconds: from `sinceMs` inclusive to `untilMs` exclusive, and further on than `after`. */
export interface KeyRange {
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly after?: Position | undefined;
}

/** A partition for each probe and location: a location's own runs are read without a filter on other columns. */
export function partitionOf(probe: string, location: string): string {
  return `${probe}@${keyText(location)}`;
}

/** Row keys of a piece of an index of one probe. */
export function indexRange(
  probe: string,
  index: OutcomeIndex,
  { sinceMs, untilMs, after }: KeyRange = {},
): Pick<RowQuery, 'from' | 'after' | 'before'> {
  const from = `${index}-${untilMs === undefined ? '' : invertedTime(untilMs - 1)}`;
  // "." is the character after "-": the first text behind all that begin with "…-".
  const before = `${index}${sinceMs === undefined ? '' : `-${invertedTime(sinceMs)}`}.`;
  if (!after) return { from, before };
  const key = rowKeyOf(index, after);
  return after.probe < probe ? { from: key > from ? key : from, before } : { from, after: key, before };
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** The last outcome of a page, as text that goes into a URL unchanged. Opaque to clients. */
export function formatCursor({ key, probe }: Position): string {
  return Buffer.from(`${key}/${probe}`).toString('base64url');
}

/** Undefined: `formatCursor` has not made this text. */
export function parseCursor(text: string): Position | undefined {
  const decoded = Buffer.from(text, 'base64url').toString();
  const [, key, probe] = /^(\d{13}-(?:~[\w-]{43}|[\w.-]{1,128}))\/([a-z0-9][a-z0-9-]{0,62})$/.exec(decoded) ?? [];
  if (key === undefined || probe === undefined) return undefined;
  const position = { key, probe };
  // Decoding base64 forgives a lot: only the one spelling counts.
  return formatCursor(position) === text ? position : undefined;
}
