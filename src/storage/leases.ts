import type { CallOptions } from './callLimit.ts';
import { double, type Row, type RowKey, type StoredRow, type Table } from './table.ts';

/** A request for a lease: the holder, and how long the lease lasts. */
export interface LeaseRequest {
  readonly key: RowKey;
  /** Unique to this request, without commas. */
  readonly holder: string;
  /** From the time at which the storage wrote the row. A lease is not renewed. */
  readonly lastsMs: number;
}

export type LeaseResult =
  | { readonly kind: 'held'; readonly lease: Lease }
  /** `remainingMs`: until the lease is free at the latest, unless a waiting request takes it first. */
  | { readonly kind: 'busy'; readonly remainingMs: number };

export interface Lease {
  /** Releases the lease, unless it has expired and another holder has acquired it. */
  release(options?: CallOptions): Promise<void>;
}

/**
 * Leases as rows of a table, for any number of processes. The storage's own clock alone decides whether a lease has expired: the clocks
 * of two machines are never compared. Rejects when the storage cannot be used.
 */
export interface Leases {
  /** Does not wait. Waiting requests for the same lease come first. */
  tryAcquire(request: LeaseRequest, options?: CallOptions): Promise<LeaseResult>;
  /**
   * Waits at most `maxWaitMs`. Waiting requests get the lease in the order of their arrival, so that frequent requests of other callers or
   * processes cannot starve one of them.
   */
  acquire(request: LeaseRequest, maxWaitMs: number, options?: CallOptions): Promise<LeaseResult>;
}

/** The clock; tests supply a virtual one. */
export interface Timing {
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly sleep: (durationMs: number) => Promise<void>;
}

const realTiming: Timing = {
  now: () => performance.now(),
  sleep: (durationMs) => new Promise((resume) => setTimeout(resume, durationMs)),
};

/** Between two attempts of a waiting request. Short at first, because most runs take well under a second. */
const pollMs = [50, 100, 200, 400];
const maxPollMs = 500;
const maxConflicts = 5;
/**
 * How long a free lease is reserved for the first waiting request, then for the second, and so on. A process that was killed while it
 * waited delays the others by this much, once.
 */
const graceMs = 5_000;

/** How a request that finds the lease busy uses the queue. */
type Place = 'none' | 'keep' | 'giveUp';

export function createLeases(table: Table, { now, sleep }: Timing = realTiming): Leases {
  /** `etag`: of the row while no other request waits. */
  const held = ({ key, holder }: LeaseRequest, etag?: string): LeaseResult => ({
    kind: 'held',
    lease: { release: (options) => release(table, { key, holder, etag }, options) },
  });

  /** Reads the lease and makes the change that follows from it. `changed`: another process changed the row first. */
  async function attempt(request: LeaseRequest, place: Place, options?: CallOptions): Promise<LeaseResult | 'changed'> {
    const { key, holder, lastsMs } = request;
    const stored = await table.read(key, options);
    if (!stored) {
      const inserted = await table.insert({ ...key, holder, lastsMs }, options);
      return inserted.kind === 'written' ? held(request, inserted.etag) : 'changed';
    }
    // The client library repeated the insert because its response was lost: the row belongs to this request.
    if (stored.row.holder === holder) return held(request);
    const { heldUntilMs, waiting } = stateOf(stored);
    const ahead = waiting.includes(holder) ? waiting.slice(0, waiting.indexOf(holder)) : waiting;
    const remainingMs = heldUntilMs + ahead.length * graceMs - stored.nowMs;
    if (remainingMs <= 0) {
      // The reserved time of the requests ahead has passed. A request that was only slow queues again at the end.
      const behind = waiting.slice(ahead.length + 1);
      const acquired = await table.replace({ ...key, holder, lastsMs, waiting: behind.join() }, stored.etag, options);
      return acquired.kind === 'written' ? held(request, behind.length === 0 ? acquired.etag : undefined) : 'changed';
    }
    const busy = { kind: 'busy', remainingMs } as const;
    const isWaiting = ahead.length < waiting.length;
    if (place === 'none' || (place === 'keep') === isWaiting) return busy;
    const others = waiting.filter((other) => other !== holder);
    const row: Row = {
      ...key,
      holder: String(stored.row.holder),
      // The row is rewritten, so its timestamp is no longer the time at which the holder acquired the lease.
      heldUntilMs: double(heldUntilMs),
      waiting: (place === 'keep' ? [...others, holder] : others).join(),
    };
    return (await table.replace(row, stored.etag, options)).kind === 'written' ? busy : 'changed';
  }

  /** Repeats `attempt` while other processes change the row first. */
  async function settle(request: LeaseRequest, place: Place, options?: CallOptions): Promise<LeaseResult> {
    for (let conflict = 0; conflict < maxConflicts; conflict += 1) {
      const result = await attempt(request, place, options);
      if (result !== 'changed') return result;
    }
    // Other requests were first each time, so the current lease is new.
    return { kind: 'busy', remainingMs: request.lastsMs };
  }

  async function take(request: LeaseRequest, place: Place, options?: CallOptions): Promise<LeaseResult> {
    // The lease is usually free, and then one request is enough.
    const { key, holder, lastsMs } = request;
    const inserted = await table.insert({ ...key, holder, lastsMs }, options);
    return inserted.kind === 'written' ? held(request, inserted.etag) : settle(request, place, options);
  }

  return {
    tryAcquire: (request, options) => take(request, 'none', options),
    async acquire(request, maxWaitMs, options) {
      const endMs = now() + maxWaitMs;
      let result = await take(request, 'keep', options);
      let isOver = false;
      for (let attempts = 0; result.kind === 'busy' && !isOver; attempts += 1) {
        await sleep(Math.max(0, Math.min(pollMs[attempts] ?? maxPollMs, endMs - now())));
        isOver = now() >= endMs;
        result = await settle(request, isOver ? 'giveUp' : 'keep', options);
      }
      return result;
    },
  };
}

interface LeaseState {
  /** By the storage's clock, in milliseconds since 1970. */
  readonly heldUntilMs: number;
  /** In the order of arrival. */
  readonly waiting: readonly string[];
}

/** Longer than any lease and any queue: what another program writes into the table must not reserve a device for ever. */
const maxLeaseMs = 10 * 60_000;
const maxWaiting = 100;

/** A row that does not say how long it lasts is not a lease, and has expired. */
function stateOf({ row, nowMs, ageMs }: StoredRow): LeaseState {
  const writtenMs = nowMs - ageMs;
  const heldUntilMs = row.heldUntilMs === undefined ? writtenMs + Number(row.lastsMs) : Number(row.heldUntilMs);
  return {
    heldUntilMs: Number.isNaN(heldUntilMs) ? writtenMs : Math.min(heldUntilMs, writtenMs + maxLeaseMs),
    waiting: row.waiting ? String(row.waiting).split(',').slice(0, maxWaiting) : [],
  };
}

interface HeldLease {
  readonly key: RowKey;
  readonly holder: string;
  readonly etag: string | undefined;
}

async function release(table: Table, { key, holder, etag }: HeldLease, options?: CallOptions): Promise<void> {
  if (etag !== undefined && (await table.remove(key, { ...options, etag }))) return;
  // Other requests are waiting, or the lease has expired.
  for (let conflict = 0; conflict < maxConflicts; conflict += 1) {
    const stored = await table.read(key, options);
    if (stored?.row.holder !== holder) return;
    const { waiting } = stateOf(stored);
    const freed: Row = { ...key, holder: '', heldUntilMs: double(stored.nowMs), waiting: waiting.join() };
    const isFreed =
      waiting.length === 0
        ? await table.remove(key, { ...options, etag: stored.etag })
        : (await table.replace(freed, stored.etag, options)).kind === 'written';
    if (isFreed) return;
  }
}
