import * as z from 'zod/mini';
import { recordingLimits } from '../../history/history.ts';
import { partitionOf } from '../../history/outcomeKeys.ts';
import { type Outcome, verdicts } from '../../outcomes/outcome.ts';
import type { Delivery } from '../../outcomes/recordOutcome.ts';
import type { CallOptions } from '../../storage/callLimit.ts';
import { type RowKey, readRows, retryOnConflict, type Table } from '../../storage/table.ts';

/**
 * One row for each probe and location: the newest verdict, and whether it was delivered. All in one partition, so that one request reads
 * them.
 */
export const stateTable = 'webhookStates';
const partitionKey = 'states';

const storedState = z.object({
  probe: z.string(),
  location: z.string(),
  verdict: z.enum(verdicts),
  startedAt: z.iso.datetime(),
  delivered: z.boolean(),
  /** The last verdict that was delivered. */
  known: z.enum([...verdicts, '']),
  /** ISO 8601: when the receiver accepted it; empty before. */
  deliveredAt: z.string(),
  /** ISO 8601: when the newest change could not be delivered; empty after its delivery, and during an attempt. */
  failedAt: z.string(),
  error: z.string(),
});
type State = z.infer<typeof storedState>;

export interface Claimed {
  readonly key: RowKey;
  readonly state: State;
  readonly etag: string;
  readonly from: Outcome['verdict'] | null;
}

/** If a process dies after claiming a change, the next run after this time claims it again, by the storage's clock. */
const claimMs = 60_000;

/** Returns the change that this outcome shows, if this process must post it. */
export function claimChange(
  states: Table,
  { probe, location, verdict, startedAt, trigger }: Outcome,
): Promise<Claimed | undefined> {
  const key = { partitionKey, rowKey: partitionOf(probe, location) };
  const limits = recordingLimits({ trigger });
  return retryOnConflict(async () => {
    const stored = await states.read(key, limits);
    // A row that this app cannot read is replaced.
    const before = stored && storedState.safeParse(stored.row).data;
    if (before && before.startedAt >= startedAt) return undefined;
    if (before?.verdict === verdict && (before.delivered || (stored?.ageMs ?? 0) < claimMs)) return undefined;

    const known = before?.known ?? '';
    // Back to the last delivered verdict, or a healthy first run: nothing to post.
    const delivered = known === verdict || (known === '' && verdict === 'healthy');
    const state: State = {
      ...{ probe, location, verdict, startedAt, delivered },
      known: delivered ? verdict : known,
      deliveredAt: before?.deliveredAt ?? '',
      failedAt: '',
      error: '',
    };
    const written = stored
      ? await states.replace({ ...key, ...state }, stored.etag, limits)
      : await states.insert({ ...key, ...state }, limits);
    if (written.kind === 'changed') return 'changed';
    return delivered ? undefined : { key, state, etag: written.etag, from: known === '' ? null : known };
  });
}

/** Does nothing if a newer change was claimed meanwhile; `markFailed` does the same. */
export async function markDelivered(states: Table, { key, state, etag }: Claimed): Promise<void> {
  const deliveredAt = new Date().toISOString();
  await states.replace({ ...key, ...state, delivered: true, known: state.verdict, deliveredAt }, etag);
}

export async function markFailed(states: Table, { key, state, etag }: Claimed, error: string): Promise<void> {
  await states.replace({ ...key, ...state, failedAt: new Date().toISOString(), error }, etag);
}

/** One for each probe and location that had a change to post, in no particular order. */
export async function readDeliveries(states: Table, options: CallOptions = {}): Promise<readonly Delivery[]> {
  const rows = await readRows(states, { ...options, partitionKey });
  return rows.flatMap((row) => {
    const parsed = storedState.safeParse(row);
    if (!parsed.success) return [];
    const { probe, location, verdict, known, deliveredAt, failedAt, error } = parsed.data;
    const delivered = deliveredAt !== '' && known !== '' && { delivered: { at: deliveredAt, verdict: known } };
    const failed = failedAt !== '' && { failed: { at: failedAt, verdict, error } };
    return delivered || failed ? [{ probe, location, ...delivered, ...failed }] : [];
  });
}
