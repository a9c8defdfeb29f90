import type { CallOptions } from './callLimit.ts';
import type { RowKey, Table } from './table.ts';

/** What one process asks of a lease: who it is, and for how long it is promised to be alone. */
export interface LeaseRequest {
  readonly key: RowKey;
  /** Unique to this request. */
  readonly holder: string;
  /** From the moment in which the storage wrote the row. A lease is not renewed. */
  readonly lastsMs: number;
}

export type LeaseResult =
  | { readonly kind: 'held'; readonly lease: Lease }
  /** `remainingMs`: until the present holder's lease expires, at the latest. */
  | { readonly kind: 'busy'; readonly remainingMs: number };

export interface Lease {
  /** Frees the lease, unless it has expired and another holder has taken it. */
  release(options?: CallOptions): Promise<void>;
}

/**
 * Leases as rows of a table, for any number of processes. No two machines' clocks are compared: whether a lease has expired follows from
 * its age, which the storage's own clock measures. Rejects when the storage cannot be used.
 */
export interface Leases {
  /** At once. Gives way to a request that waits for the same lease. */
  tryAcquire(request: LeaseRequest, options?: CallOptions): Promise<LeaseResult>;
  /**
   * Waits for the present holder, at most until its lease expires or `maxWaitMs` have passed. The first to wait is next: meanwhile
   * `tryAcquire` finds the lease busy, so that callers who keep asking cannot starve it.
   */
  acquire(request: LeaseRequest, maxWaitMs: number, options?: CallOptions): Promise<LeaseResult>;
}

/** Real time, or a test's. */
export interface Timing {
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly sleep: (durationMs: number) => Promise<void>;
}

const realTiming: Timing = {
  now: () => performance.now(),
  sleep: (durationMs) => new Promise((resume) => setTimeout(resume, durationMs)),
};

/** Between two looks at a lease that is waited for. Short at first: most runs take well under a second. */
const pollMs = [50, 100, 200, 400];
const maxConflicts = 5;

export function createLeases(table: Table, { now, sleep }: Timing = realTiming): Leases {
  const held = ({ key }: LeaseRequest, etag: string): LeaseResult => ({
    kind: 'held',
    lease: { release: async (options) => void (await table.remove(key, { ...options, etag })) },
  });

  /** Takes a lease that is free or has expired. */
  async function take(request: LeaseRequest, options?: CallOptions): Promise<LeaseResult> {
    const { key, holder, lastsMs } = request;
    const row = { ...key, holder, lastsMs };
    for (let conflict = 0; conflict < maxConflicts; conflict += 1) {
      const inserted = await table.insert(row, options);
      if (inserted.kind === 'written') return held(request, inserted.etag);
      const stored = await table.read(key, options);
      // Released in between.
      if (!stored) continue;
      // The client library repeats a request whose response was lost: the row is this request's own.
      if (stored.row.holder === holder) return held(request, stored.etag);
      const remainingMs = Number(stored.row.lastsMs) - stored.ageMs;
      if (remainingMs > 0) return { kind: 'busy', remainingMs };
      const replaced = await table.replace(row, stored.etag, options);
      if (replaced.kind === 'written') return held(request, replaced.etag);
    }
    // Others were quicker each time, and have only just begun.
    return { kind: 'busy', remainingMs: lastsMs };
  }

  async function isWaitedFor({ key }: LeaseRequest, options?: CallOptions): Promise<boolean> {
    const waiting = await table.read(waiterKey(key), options);
    return waiting !== undefined && waiting.ageMs < Number(waiting.row.lastsMs);
  }

  return {
    async tryAcquire(request, options) {
      if (await isWaitedFor(request, options)) return { kind: 'busy', remainingMs: request.lastsMs };
      return take(request, options);
    },
    async acquire(request, maxWaitMs, options) {
      const first = await take(request, options);
      if (first.kind === 'held') return first;
      // An age is up to a second too small: only then has the lease expired by the storage's own measure, too.
      const endMs = now() + Math.min(first.remainingMs + 1_000, maxWaitMs);
      const { holder, key } = request;
      const waiter = { key: waiterKey(key), holder, lastsMs: Math.max(0, endMs - now()) };
      const announced = await take(waiter, options);
      try {
        for (let look = 0; ; look += 1) {
          const pauseMs = Math.min(pollMs[look] ?? 500, endMs - now());
          if (pauseMs > 0) await sleep(pauseMs);
          const result = await take(request, options);
          if (result.kind === 'held' || now() >= endMs) return result;
        }
      } finally {
        // Not worth failing for: the row expires.
        if (announced.kind === 'held') await announced.lease.release(options).catch(() => undefined);
      }
    },
  };
}

/** The row of the request that is next. `!` is in no key that `keyText` makes. */
function waiterKey({ partitionKey, rowKey }: RowKey): RowKey {
  return { partitionKey, rowKey: `${rowKey}!next` };
}
