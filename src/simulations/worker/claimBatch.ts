import { randomUUID } from 'node:crypto';
import type { BatchSummary, VerdictCounts } from '../batchSummary.ts';
import type { BatchState, BatchStore, StoredBatch } from '../store/batchStore.ts';

/**
 * A message can be delivered twice, and two workers can receive the same batch: the one whose claim is in the batch's row runs it. A claim
 * is a lease. Its worker renews it; when the worker dies, the claim expires, and another worker may claim the batch. Its age is the
 * storage's (`ageMs`), so the clocks of two workers are never compared.
 */
export type Claim =
  | { readonly kind: 'claimed'; readonly lease: BatchLease; readonly batch: BatchState }
  | { readonly kind: 'held'; readonly expiresInMs: number }
  | { readonly kind: 'done' };

export interface BatchLease {
  /**
   * Another worker has claimed the batch: start no more devices. Outcomes may still be written, because the first one of a device counts.
   */
  readonly lost: boolean;
  /** Verdicts so far. Written with the next renewal, for progress requests. */
  progress(counts: VerdictCounts): void;
  /** Each of these three ends the lease. */
  done(summary: BatchSummary): Promise<void>;
  release(): Promise<void>;
  failed(error: unknown): Promise<void>;
}

/** Ends the lease when the work fails. Otherwise it would be renewed for ever, and no other worker could run the batch. */
export async function withLease<Result>(lease: BatchLease, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    // If the storage does not accept this either, the lease expires by itself.
    await lease.failed(error).catch(() => undefined);
    throw error;
  }
}

const renewalsPerLease = 4;
/** A write for each device would cost more than running it. */
const progressEveryMs = 2_000;
const maxErrorCharacters = 300;

export async function claimBatch(
  batches: BatchStore,
  simulationId: string,
  number: number,
  leaseMs: number,
): Promise<Claim> {
  const worker = randomUUID();
  const { stored, changed } = await batches.update(simulationId, number, (present) => {
    if (present && (present.batch.state === 'done' || isHeld(present, leaseMs))) return undefined;
    const claims = (present?.batch.claims ?? 0) + 1;
    return { ...present?.batch, number, state: 'running', worker, claims };
  });
  if (changed && stored) {
    return { kind: 'claimed', lease: holdLease(batches, simulationId, stored, leaseMs), batch: stored.batch };
  }
  if (stored?.batch.state === 'done') return { kind: 'done' };
  return { kind: 'held', expiresInMs: leaseMs - (stored?.ageMs ?? 0) };
}

export function isHeld({ batch, ageMs }: Omit<StoredBatch, 'etag'>, leaseMs: number): boolean {
  return batch.state === 'running' && ageMs < leaseMs;
}

function holdLease(batches: BatchStore, simulationId: string, claimed: StoredBatch, leaseMs: number): BatchLease {
  let held = claimed;
  let lost = false;
  let progress: VerdictCounts | undefined;
  let written: VerdictCounts | undefined;
  let renewedAt = performance.now();
  let renewing: Promise<void> = Promise.resolve();

  const change = async (changes: Partial<BatchState>) => {
    const batch = { ...held.batch, ...(progress && { progress }), ...changes };
    written = progress;
    const stored = (await batches.replace(simulationId, batch, held)) ?? (await replaceOwn(batch));
    if (stored) held = stored;
    else lost = true;
  };
  /** The replace may have succeeded although its response was lost. */
  const replaceOwn = async (batch: BatchState) => {
    const { stored, changed } = await batches.update(simulationId, batch.number, (present) =>
      present?.batch.worker === claimed.batch.worker && present?.batch.state === 'running' ? batch : undefined,
    );
    return changed ? stored : undefined;
  };
  const renew = () => {
    const quietMs = performance.now() - renewedAt;
    if (lost || (quietMs < leaseMs / renewalsPerLease && progress === written)) return;
    renewedAt = performance.now();
    renewing = renewing
      .then(() => change({}))
      // Storage does not respond: the lease expires by itself unless a later renewal gets through.
      .catch(() => undefined);
  };
  const timer = setInterval(renew, Math.min(progressEveryMs, leaseMs / renewalsPerLease));
  const endLease = async (changes: Partial<BatchState>) => {
    clearInterval(timer);
    await renewing;
    if (!lost) await change(changes);
  };

  return {
    get lost() {
      return lost;
    },
    progress(counts) {
      progress = { ...counts };
    },
    done: (summary) => endLease({ state: 'done', summary }),
    release: () => endLease({ state: 'queued', claims: 0 }),
    failed: (error) => endLease({ state: 'queued', lastError: String(error).slice(0, maxErrorCharacters) }),
  };
}
