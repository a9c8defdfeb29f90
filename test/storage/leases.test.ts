import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLeases, type Lease, type LeaseResult } from '../../src/storage/leases.ts';
import type { Row, StoredRow, Table } from '../../src/storage/table.ts';
import { tablesAt, useAzurite } from '../support/useHistory.ts';
import { createVirtualTime, type VirtualTime } from '../support/virtualTime.ts';

const key = { partitionKey: '0neSCOPE', rowKey: 'device' };

describe('a lease in Table Storage', () => {
  const azurite = useAzurite();
  let tests = 0;
  /** The same lease as several processes see it. */
  const newLease = () => {
    tests += 1;
    const name = `leases${tests}`;
    return () => createLeases(tablesAt(azurite.connectionString())(name));
  };
  const leaseOf = (result: LeaseResult): Lease => {
    if (result.kind === 'busy') throw new Error('expected a lease');
    return result.lease;
  };

  it('is held by one process, and says for how long at most', async () => {
    const seenBy = newLease();
    const [one, other] = [seenBy(), seenBy()];
    const lease = leaseOf(await one.tryAcquire({ key, holder: 'one', lastsMs: 70_000 }));
    const busy = await other.tryAcquire({ key, holder: 'other', lastsMs: 70_000 });
    expect(busy).toMatchObject({ kind: 'busy' });
    expect('remainingMs' in busy && busy.remainingMs).toBeGreaterThan(60_000);
    await lease.release();
    expect(await other.tryAcquire({ key, holder: 'other', lastsMs: 70_000 })).toMatchObject({ kind: 'held' });
  });

  it('is held by exactly one of many that ask at the same moment', async () => {
    const all = Array.from({ length: 8 }, newLease());
    const results = await Promise.all(
      all.map((leases, number) => leases.tryAcquire({ key, holder: `p${number}`, lastsMs: 60_000 })),
    );
    expect(results.filter(({ kind }) => kind === 'held')).toHaveLength(1);
  });

  it('is taken over once it has expired, and not released by the holder that lost it', async () => {
    const seenBy = newLease();
    const [dead, next, third] = [seenBy(), seenBy(), seenBy()];
    const lost = leaseOf(await dead.tryAcquire({ key, holder: 'dead', lastsMs: 1_000 }));
    const taken = await next.acquire({ key, holder: 'next', lastsMs: 60_000 }, 10_000);
    expect(taken).toMatchObject({ kind: 'held' });
    await lost.release();
    expect(await third.tryAcquire({ key, holder: 'third', lastsMs: 1_000 })).toMatchObject({ kind: 'busy' });
  });

  it('is next for the first that waits: callers who keep asking do not starve it (fault 49)', async () => {
    const seenBy = newLease();
    const [holder, waiter, caller] = [seenBy(), seenBy(), seenBy()];
    const lease = leaseOf(await holder.tryAcquire({ key, holder: 'holder', lastsMs: 60_000 }));
    const waiting = waiter.acquire({ key, holder: 'waiter', lastsMs: 60_000 }, 30_000);
    let isOver = false;
    const impatient = (async () => {
      const results: string[] = [];
      for (let call = 0; !isOver; call += 1) {
        results.push((await caller.tryAcquire({ key, holder: `call ${call}`, lastsMs: 60_000 })).kind);
      }
      return results;
    })();
    await new Promise((resume) => setTimeout(resume, 300));
    await lease.release();
    expect(await waiting).toMatchObject({ kind: 'held' });
    isOver = true;
    expect(new Set(await impatient)).toEqual(new Set(['busy']));
  });

  it('is not waited for longer than asked', async () => {
    const seenBy = newLease();
    const [holder, waiter] = [seenBy(), seenBy()];
    await holder.tryAcquire({ key, holder: 'holder', lastsMs: 60_000 });
    const start = performance.now();
    expect(await waiter.acquire({ key, holder: 'waiter', lastsMs: 60_000 }, 300)).toMatchObject({ kind: 'busy' });
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

/** A table as the service documents it, with a clock of its own, and a random time on the way to each row and back. */
function modelTable(time: VirtualTime, delayMs: () => number) {
  const rows = new Map<string, { row: Row; etag: string; writtenMs: number }>();
  let version = 0;
  const nameOf = ({ partitionKey, rowKey }: typeof key) => `${partitionKey}/${rowKey}`;
  const call = async <Value>(act: () => Value): Promise<Value> => {
    await time.sleep(delayMs());
    const value = act();
    await time.sleep(delayMs());
    return value;
  };
  const write = (row: Row) => {
    version += 1;
    rows.set(nameOf(row), { row, etag: `v${version}`, writtenMs: time.now() });
    return { kind: 'written', etag: `v${version}` } as const;
  };
  const changed = { kind: 'changed' } as const;
  const absent = () => Promise.reject(new Error('leases do not need it'));
  const table: Table = {
    name: 'model',
    read: (at) =>
      call((): StoredRow | undefined => {
        const stored = rows.get(nameOf(at));
        // The response's Date has seconds only.
        const dateMs = Math.floor(time.now() / 1000) * 1000;
        return stored && { ...stored, ageMs: Math.max(0, dateMs - stored.writtenMs) };
      }),
    insert: (row) => call(() => (rows.has(nameOf(row)) ? changed : write(row))),
    replace: (row, etag) => call(() => (rows.get(nameOf(row))?.etag === etag ? write(row) : changed)),
    remove: (at, { etag } = {}) =>
      call(() => (etag === undefined || rows.get(nameOf(at))?.etag === etag) && rows.delete(nameOf(at))),
    insertAll: absent,
    put: absent,
    removeAll: absent,
    pages: () => {
      throw new Error('leases do not need it');
    },
    partitions: () => {
      throw new Error('leases do not need it');
    },
  };
  return { table, writtenMs: () => rows.get(nameOf(key))?.writtenMs ?? 0 };
}

describe('a model of the lease', () => {
  const slackMs = 10_000;
  const process_ = fc.record({
    startMs: fc.nat(30_000),
    /** Its clock: any time of day, and too fast or too slow. */
    clockMs: fc.integer({ min: -120_000, max: 120_000 }),
    clockRate: fc.double({ min: 0.9, max: 1.1, noNaN: true }),
    runs: fc.array(
      fc.record({
        waitMs: fc.constantFrom(0, 0, 5_000, 60_000),
        timeoutMs: fc.integer({ min: 100, max: 20_000 }),
        /** Of its promise. */
        share: fc.constantFrom(0.01, 0.2, 0.9, 1),
        crashes: fc.boolean(),
        pauseMs: fc.nat(3_000),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  });

  it('never has two holders inside its promise and never gets stuck, whatever the interleaving and the clocks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(process_, { minLength: 2, maxLength: 5 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 900 })),
        async (processes, delays) => {
          const time = createVirtualTime();
          const { table, writtenMs } = modelTable(time, () => delays.next().value);
          const held: { readonly who: string; readonly fromMs: number; readonly toMs: number }[] = [];
          const play = async ({ startMs, clockMs, clockRate, runs }: (typeof processes)[number], number: number) => {
            const leases = createLeases(table, {
              now: () => clockMs + time.now() * clockRate,
              sleep: (durationMs) => time.sleep(durationMs / clockRate),
            });
            await time.sleep(startMs);
            for (const [index, run] of runs.entries()) {
              const who = `p${number} run ${index}`;
              const request = { key, holder: who, lastsMs: run.timeoutMs + slackMs };
              const result = await (run.waitMs > 0 ? leases.acquire(request, run.waitMs) : leases.tryAcquire(request));
              if (result.kind === 'held') {
                const promisedMs = writtenMs() + request.lastsMs;
                const toMs = Math.min(time.now() + request.lastsMs * run.share, promisedMs);
                held.push({ who, fromMs: time.now(), toMs });
                await time.sleep(toMs - time.now());
                // A process that crashes never releases; its promise ends all the same.
                if (run.crashes) return;
                await result.lease.release();
              }
              await time.sleep(run.pauseMs);
            }
          };
          const playing = Promise.all(processes.map(play));
          await time.run();
          await playing;

          const byStart = held.toSorted((one, other) => one.fromMs - other.fromMs);
          for (const [index, one] of byStart.entries()) {
            const next = byStart[index + 1];
            if (next) expect(next.fromMs, `${one.who} and ${next.who}`).toBeGreaterThanOrEqual(one.toMs);
          }
          // Whoever crashed: one that waits for as long as a lease can last gets it.
          const leases = createLeases(table, time);
          const last = leases.acquire({ key, holder: 'last', lastsMs: 1_000 }, 60_000);
          await time.run();
          expect(await last).toMatchObject({ kind: 'held' });
        },
      ),
      { numRuns: 150 },
    );
  });
});
