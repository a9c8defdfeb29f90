import { createHash } from 'node:crypto';
import type { Outcome } from '../outcomes/outcome.ts';

/**
 * Rows of one probe are one partition, and a table sorts a partition by row key, upwards. So the row key begins with an index
 * and the complement of the time: the newest rows of an index are its first ones, and are read without a scan.
 * `all` holds every outcome; `unhealthy` and `drift` hold those that are looked for most among many healthy ones.
 */
export const outcomeIndexes = ['all', 'unhealthy', 'drift'] as const;

export type OutcomeIndex = (typeof outcomeIndexes)[number];

/** Where an outcome stands among all others: newest first, then by run, then by probe. */
export interface Position {
  readonly key: string;
  readonly probe: string;
}

/** Times are the milliseconds of a JavaScript date between 1970 and the year 2286: 13 digits, so that text sorts as the number. */
const latestTimeMs = 9_999_999_999_999;

export function invertedTime(timeMs: number): string {
  return String(latestTimeMs - Math.min(Math.max(timeMs, 0), latestTimeMs)).padStart(13, '0');
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

/** The OData filter for a piece of an index of one probe. Every text in it is made of letters, digits and `- . _ ~`. */
export function rangeFilter(probe: string, index: OutcomeIndex, { sinceMs, untilMs, after }: KeyRange = {}): string {
  const conditions = [`PartitionKey eq '${probe}'`];
  conditions.push(`RowKey ge '${index}-${untilMs === undefined ? '' : invertedTime(untilMs - 1)}'`);
  // "." is the character after "-": the first text behind all that begin with "…-".
  conditions.push(`RowKey lt '${index}${sinceMs === undefined ? '' : `-${invertedTime(sinceMs)}`}.'`);
  if (after) {
    conditions.push(`RowKey ${after.probe < probe ? 'ge' : 'gt'} '${rowKeyOf(index, after)}'`);
  }
  return conditions.join(' and ');
}

/** Text as part of a key: Table Storage refuses some characters and long keys, so what is not plain is hashed. */
export function keyText(text: string): string {
  if (/^[\w.-]{1,128}$/.test(text)) return text;
  return `~${createHash('sha256').update(text).digest('base64url')}`;
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
