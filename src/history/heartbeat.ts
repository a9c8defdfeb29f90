import * as z from 'zod/mini';
import type { CallOptions } from '../storage/callLimit.ts';
import { invertedTime, keyText } from '../storage/keys.ts';
import { readRows, type Table } from '../storage/table.ts';
import { printable } from '../transport/printable.ts';
import type { KeyRange } from './outcomeKeys.ts';

/** One call of a timer function. */
export interface StartedRun {
  /** The due time that the call belongs to. */
  readonly scheduledAt: Date;
  /** The invocation's ID. */
  readonly instance: string;
}

/** A finished scheduled run. */
export interface CompletedRun extends StartedRun {
  /** A sentence for each sink that did not accept an outcome of it. */
  readonly sinkErrors?: readonly string[];
}

/** `repeated`: another instance already started this scheduled run, so its work is done twice. */
export type HeartbeatResult =
  | { readonly kind: 'recorded' }
  | { readonly kind: 'repeated'; readonly firstAt: string; readonly firstInstance: string };

/** A scheduled run that its timer has started. */
export interface Heartbeat {
  /** Milliseconds since 1970. */
  readonly scheduledMs: number;
  /** False: it is still running, or its worker has died. */
  readonly completed: boolean;
  readonly sinkErrors: readonly string[];
}

/** The errors of the last run that has finished: one that is still running has not reported its own yet. `heartbeats`: newest first. */
export function lastSinkErrors(heartbeats: readonly Heartbeat[]): readonly string[] {
  return heartbeats.find(({ completed }) => completed)?.sinkErrors ?? [];
}

/** There are fewer sinks. */
const maxSinkErrors = 8;

/** The timer: `probes`, or `maintenance` of the history. */
export type HeartbeatOf = 'probes' | 'maintenance';

/**
 * Partition: the timer and the location. Row key: the inverted due time, so that each scheduled run has one row and the newest is first.
 */
export const heartbeatTable = 'heartbeats';

/** Records that a timer started a scheduled run. Only inserts, so that a second start of the same run is noticed. */
export async function startHeartbeat(
  table: Table,
  partition: HeartbeatPartition,
  { scheduledAt, instance }: StartedRun,
  options?: CallOptions,
): Promise<HeartbeatResult> {
  const key = keyOf(partition, scheduledAt);
  const started = { scheduledAt: scheduledAt.toISOString(), startedAt: new Date().toISOString(), instance };
  const inserted = await table.insert({ ...key, ...started }, options);
  const first = inserted.kind === 'changed' ? await table.read(key, options) : undefined;
  if (!first || first.row.instance === instance) return { kind: 'recorded' };
  return { kind: 'repeated', firstAt: String(first.row.startedAt), firstInstance: String(first.row.instance) };
}

/** Records that a scheduled run has finished, and which sinks did not accept its outcomes. */
export async function completeHeartbeat(
  table: Table,
  partition: HeartbeatPartition,
  { scheduledAt, instance, sinkErrors = [] }: CompletedRun,
  options?: CallOptions,
): Promise<void> {
  const key = keyOf(partition, scheduledAt);
  const stored = await table.read(key, options);
  const startedAt = String(stored?.row.startedAt ?? scheduledAt.toISOString());
  const completedAt = new Date().toISOString();
  const columns = { scheduledAt: scheduledAt.toISOString(), startedAt, instance, completedAt };
  const errors = sinkErrors.slice(0, maxSinkErrors).map((sentence) => printable(sentence));
  await table.put([{ ...key, ...columns, ...(errors.length > 0 && { sinkErrors: JSON.stringify(errors) }) }], options);
}

/** Newest first. */
export async function readHeartbeats(
  table: Table,
  partition: HeartbeatPartition,
  { sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER }: Pick<KeyRange, 'sinceMs' | 'untilMs'>,
  { count, signal }: { readonly count?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly Heartbeat[]> {
  const rows = await readRows(table, {
    partitionKey: partitionKeyOf(partition),
    from: invertedTime(untilMs - 1),
    // "." sorts after the key itself, which is inclusive.
    before: `${invertedTime(sinceMs)}.`,
    select: ['scheduledAt', 'completedAt', 'sinkErrors'],
    count,
    signal,
  });
  return rows.flatMap(({ scheduledAt, completedAt, sinkErrors }) => {
    const scheduledMs = Date.parse(String(scheduledAt));
    // Another program's row.
    if (Number.isNaN(scheduledMs)) return [];
    return [{ scheduledMs, completed: typeof completedAt === 'string', sinkErrors: sentencesOf(sinkErrors) }];
  });
}

function sentencesOf(column: unknown): readonly string[] {
  if (typeof column !== 'string') return [];
  try {
    return storedErrors.parse(JSON.parse(column));
  } catch {
    return [printable(column)];
  }
}

const storedErrors = z.array(z.string());

export interface HeartbeatPartition {
  readonly of: HeartbeatOf;
  readonly location: string;
}

function keyOf(partition: HeartbeatPartition, scheduledAt: Date) {
  return { partitionKey: partitionKeyOf(partition), rowKey: invertedTime(scheduledAt.getTime()) };
}

function partitionKeyOf({ of, location }: HeartbeatPartition): string {
  return `${of}@${keyText(location)}`;
}
