import type { Outcome } from '../outcomes/outcome.ts';
import { invertedTime, keyText } from '../storage/keys.ts';
import type { RowQuery } from '../storage/table.ts';

/**
 * The rows of one probe at one location are one partition. A table sorts a partition by row key, ascending. The row key begins with the
 * index and the inverted time, so the newest rows of an index come first and are read without a scan. `all` has every outcome; `unhealthy`
 * and `drift` have those that are rare and often needed.
 */
export const outcomeIndexes = ['all', 'unhealthy', 'drift'] as const;

export type OutcomeIndex = (typeof outcomeIndexes)[number];

/** The position of an outcome in the order of all outcomes: newest first, then by run, then by probe. */
export interface Position {
  readonly key: string;
  readonly probe: string;
}

/** An outcome that is written twice has the same key and is one row. */
export function positionOf(outcome: Pick<Outcome, 'probe' | 'startedAt' | 'runId'>): Position {
  const key = `${invertedTime(Date.parse(outcome.startedAt))}-${keyText(outcome.runId)}`;
  return { key, probe: outcome.probe };
}

/** Orders by time, newest first; outcomes of the same time by run ID and probe. */
export function comparePositions(one: Position, other: Position): number {
  return compareText(one.key, other.key) || compareText(one.probe, other.probe);
}

export function rowKeyOf(index: OutcomeIndex, position: Position): string {
  return `${index}-${position.key}`;
}

/** In milliseconds, from `sinceMs` inclusive to `untilMs` exclusive, and after the position `after`. */
export interface KeyRange {
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly after?: Position | undefined;
}

/** One partition for each probe and location, so that a location's runs are read without a filter. */
export function partitionOf(probe: string, location: string): string {
  return `${probe}@${keyText(location)}`;
}

/** The row keys of a range of one probe's index. */
export function indexRange(
  probe: string,
  index: OutcomeIndex,
  { sinceMs, untilMs, after }: KeyRange = {},
): Pick<RowQuery, 'from' | 'after' | 'before'> {
  const from = `${index}-${untilMs === undefined ? '' : invertedTime(untilMs - 1)}`;
  // "." follows "-": this sorts after every text that begins with "…-".
  const before = `${index}${sinceMs === undefined ? '' : `-${invertedTime(sinceMs)}`}.`;
  if (!after) return { from, before };
  const key = rowKeyOf(index, after);
  return after.probe < probe ? { from: key > from ? key : from, before } : { from, after: key, before };
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** The position of a page's last outcome as URL-safe text. Opaque to clients. */
export function formatPosition({ key, probe }: Position): string {
  return Buffer.from(`${key}/${probe}`).toString('base64url');
}

/** Undefined: the text does not come from `formatPosition`. */
export function parsePosition(text: string): Position | undefined {
  const decoded = Buffer.from(text, 'base64url').toString();
  const [, key, probe] = /^(\d{13}-(?:~[\w-]{43}|[\w.-]{1,128}))\/([a-z0-9][a-z0-9-]{0,62})$/.exec(decoded) ?? [];
  if (key === undefined || probe === undefined) return undefined;
  const position = { key, probe };
  // The base64 decoder is lenient; accept only the exact text.
  return formatPosition(position) === text ? position : undefined;
}
