import { invertedTime, keyText } from '../storage/keys.ts';
import { readRows, type Table } from '../storage/table.ts';
import type { KeyRange } from './outcomeKeys.ts';

/** One call of the timer. */
export interface Tick {
  /** The tick of the schedule that the call belongs to. */
  readonly scheduledAt: Date;
  /** Which instance was called. */
  readonly instance: string;
}

/** `repeated`: another instance was called for that tick before, so its probes run twice. */
export type HeartbeatResult =
  | { readonly kind: 'recorded' }
  | { readonly kind: 'repeated'; readonly firstAt: string; readonly firstInstance: string };

export interface Heartbeat {
  /** ISO 8601, like `recordedAt`. */
  readonly scheduledAt: string;
  readonly recordedAt: string;
  readonly instance: string;
}

/** Partition: the location. Row key: the inverted tick, so that there is one row for a tick, and the newest is the first. */
export const heartbeatTable = 'heartbeats';

/** Inserts and never replaces: that is how a tick which fires twice is noticed. */
export async function recordHeartbeat(table: Table, location: string, tick: Tick, now: Date): Promise<HeartbeatResult> {
  const key = { partitionKey: keyText(location), rowKey: invertedTime(tick.scheduledAt.getTime()) };
  const inserted = await table.insert({
    ...key,
    scheduledAt: tick.scheduledAt.toISOString(),
    recordedAt: now.toISOString(),
    instance: tick.instance,
  });
  const first = inserted.kind === 'changed' ? await table.read(key) : undefined;
  if (!first) return { kind: 'recorded' };
  return { kind: 'repeated', firstAt: String(first.row.recordedAt), firstInstance: String(first.row.instance) };
}

/** Milliseconds since 1970 of the ticks in a range that were called, newest first. */
export async function readHeartbeats(
  table: Table,
  location: string,
  { sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER }: Pick<KeyRange, 'sinceMs' | 'untilMs'>,
  signal?: AbortSignal,
): Promise<readonly number[]> {
  const rows = await readRows(table, {
    partitionKey: keyText(location),
    from: invertedTime(untilMs - 1),
    // No other text begins with a whole key.
    before: `${invertedTime(sinceMs)}.`,
    select: ['scheduledAt'],
    signal,
  });
  return rows.map(({ scheduledAt }) => Date.parse(String(scheduledAt)));
}
