import * as z from 'zod';
import { partitionOf } from '../../history/outcomeKeys.ts';
import { type Outcome, verdicts } from '../../outcomes/outcome.ts';
import { type RowKey, retryOnConflict, type Table } from '../../storage/table.ts';

/** A row for each probe and location: the newest verdict, and whether it was delivered. */
export const stateTable = 'webhookStates';

const storedState = z.object({
  verdict: z.enum(verdicts),
  startedAt: z.string(),
  delivered: z.boolean(),
  /** The verdict that the receiver knows. */
  known: z.enum([...verdicts, '']),
});
type State = z.infer<typeof storedState>;

export interface Claimed {
  readonly key: RowKey;
  readonly state: State;
  readonly etag: string;
  readonly from: Outcome['verdict'] | null;
}

/** A process that claimed a change and died leaves it to the next run after this time, by the storage's own clock. */
const claimMs = 60_000;

/** The change that this outcome shows, if this process is the one to post it. */
export function claimChange(
  states: Table,
  { probe, location, verdict, startedAt }: Outcome,
): Promise<Claimed | undefined> {
  const key = { partitionKey: partitionOf(probe, location), rowKey: 'state' };
  return retryOnConflict(async () => {
    const stored = await states.read(key);
    const before = stored && storedState.parse(stored.row);
    if (before && before.startedAt >= startedAt) return undefined;
    if (before?.verdict === verdict && (before.delivered || (stored?.ageMs ?? 0) < claimMs)) return undefined;

    const known = before?.known ?? '';
    // Back to what the receiver knows, or a first run that is fine: nothing to tell.
    const delivered = known === verdict || (known === '' && verdict === 'healthy');
    const state: State = { verdict, startedAt, delivered, known: delivered ? verdict : known };
    const written = stored
      ? await states.replace({ ...key, ...state }, stored.etag)
      : await states.insert({ ...key, ...state });
    if (written.kind === 'changed') return 'changed';
    return delivered ? undefined : { key, state, etag: written.etag, from: known === '' ? null : known };
  });
}

/** A newer change that was claimed meanwhile stays as it is. */
export async function markDelivered(states: Table, { key, state, etag }: Claimed): Promise<void> {
  await states.replace({ ...key, ...state, delivered: true, known: state.verdict }, etag);
}
