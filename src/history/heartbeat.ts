import type { TableClient } from '@azure/data-tables';
import { invertedTime, type KeyRange, keyText } from './outcomeKeys.ts';

/** One call of the timer. */
export interface Tick {
  /** The tick of the schedule that the call belongs to. */
  readonly scheduledAt: Date;
  /** Which instance was called. */
  readonly instance: string;
}

/** `repeated`: somebody was called for that tick before, so its probes run twice. */
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

const timeoutMs = 10_000;

/** Inserts and never replaces: that is how a tick which fires twice is noticed. */
export async function recordHeartbeat(
  table: TableClient,
  location: string,
  tick: Tick,
  now: Date,
): Promise<HeartbeatResult> {
  const key = { partitionKey: keyText(location), rowKey: invertedTime(tick.scheduledAt.getTime()) };
  const heartbeat: Heartbeat = {
    scheduledAt: tick.scheduledAt.toISOString(),
    recordedAt: now.toISOString(),
    instance: tick.instance,
  };
  const options = { abortSignal: AbortSignal.timeout(timeoutMs) };
  try {
    await table.createEntity({ ...key, ...heartbeat }, options);
    return { kind: 'recorded' };
  } catch (error) {
    if (!isConflict(error)) throw error;
    const first = await table.getEntity<Heartbeat>(key.partitionKey, key.rowKey, options);
    return { kind: 'repeated', firstAt: first.recordedAt, firstInstance: first.instance };
  }
}

/** Milliseconds since 1970 of the ticks in a range that were called, newest first. */
export async function readHeartbeats(
  table: TableClient,
  location: string,
  { sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER }: Pick<KeyRange, 'sinceMs' | 'untilMs'>,
  signal?: AbortSignal,
): Promise<readonly number[]> {
  const filter = [
    `PartitionKey eq '${keyText(location)}'`,
    `RowKey ge '${invertedTime(untilMs - 1)}'`,
    `RowKey le '${invertedTime(sinceMs)}'`,
  ].join(' and ');
  const ticks: number[] = [];
  const rows = table.listEntities<Heartbeat>({
    queryOptions: { filter, select: ['scheduledAt'] },
    ...(signal && { abortSignal: signal }),
  });
  for await (const { scheduledAt } of rows) ticks.push(Date.parse(scheduledAt));
  return ticks;
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && 'statusCode' in error && error.statusCode === 409;
}
