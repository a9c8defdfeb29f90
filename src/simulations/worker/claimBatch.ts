import { randomUUID } from 'node:crypto';
import type { BatchSummary, VerdictCounts } from '../batchSummary.ts';
import type { BatchStore } from '../store/batchStore.ts';

/**
 * A message can be delivered twice, and two workers can hold the same batch: the one whose claim is in the batch's row runs it. A
 * claim is a lease. Its worker renews it; when the worker dies, it runs out, and the next one may claim.
 */
export type Claim =
  | { readonly kind: 'claimed'; readonly lease: Lease; readonly claims: number }
  | { readonly kind: 'taken'; readonly untilMs: number }
  | { readonly kind: 'done' };

export interface Lease {
  /** Another worker has claimed the batch: start nothing more. Outcomes may still be written, for the first one counts. */
  readonly lost: boolean;
  /** Shown with the next renewal. */
  progress(counts: VerdictCounts): void;
  /** Each of these gives the lease up. */
  done(summary: BatchSummary): Promise<void>;
  handBack(): Promise<void>;
  failed(error: unknown): Promise<void>;
}

/** Gives the lease up when the work fails: renewed for ever, it would keep everybody else from the batch. */
export async function holding<Result>(lease: Lease, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    // Where storage does not take this either, the lease runs out by itself.
    await lease.failed(error).catch(() => undefined);
    throw error;
  }
}

const renewalsPerLease = 4;
const keptErrorCharacters = 300;

export async function claimBatch(
  batches: BatchStore,
  simulationId: string,
  number: number,
  leaseMs: number,
): Promise<Claim> {
  const worker = randomUUID();
  const { batch, changed } = await batches.update(simulationId, number, (present) => {
    const now = Date.now();
    if (present && (present.state === 'done' || present.leaseUntilMs > now)) return undefined;
    return {
      queuedAtMs: now,
      ...present,
      number,
      state: 'running',
      worker,
      leaseUntilMs: now + leaseMs,
      claims: (present?.claims ?? 0) + 1,
    };
  });
  if (changed && batch) {
    return { kind: 'claimed', lease: holdLease(batches, simulationId, number, worker, leaseMs), claims: batch.claims };
  }
  if (batch?.state === 'done') return { kind: 'done' };
  return { kind: 'taken', untilMs: batch?.leaseUntilMs ?? 0 };
}

function holdLease(batches: BatchStore, simulationId: string, number: number, worker: string, leaseMs: number): Lease {
  let lost = false;
  let progress: VerdictCounts | undefined;
  let renewing: Promise<void> = Promise.resolve();

  type Changes = Partial<Omit<Parameters<BatchStore['insert']>[1], 'number'>>;
  const change = async (changes: Changes) => {
    const { changed } = await batches.update(simulationId, number, (present) =>
      present?.worker === worker && present.state === 'running' ? { ...present, ...changes } : undefined,
    );
    if (!changed) lost = true;
  };
  const renew = () => {
    renewing = change({ leaseUntilMs: Date.now() + leaseMs, ...(progress && { progress }) }).catch(() => {
      // Storage does not answer: the lease runs out by itself unless a later renewal gets through.
    });
  };
  const timer = setInterval(renew, leaseMs / renewalsPerLease);
  const giveUp = async (changes: Changes) => {
    clearInterval(timer);
    await renewing;
    await change({ leaseUntilMs: 0, ...(progress && { progress }), ...changes });
  };

  return {
    get lost() {
      return lost;
    },
    progress(counts) {
      progress = counts;
    },
    done: (summary) => giveUp({ state: 'done', summary }),
    handBack: () => giveUp({ state: 'queued', queuedAtMs: Date.now(), claims: 0 }),
    failed: (error) => giveUp({ lastError: String(error).slice(0, keptErrorCharacters) }),
  };
}
