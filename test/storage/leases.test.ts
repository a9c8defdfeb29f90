import { describe, expect, it } from 'vitest';
import { createLeases, type Lease, type LeaseResult, type Leases } from '../../src/storage/leases.ts';
import { tablesAt, useAzurite } from '../support/useHistory.ts';

const key = { partitionKey: '0neSCOPE', rowKey: 'device' };

describe('a lease in Table Storage', { timeout: 60_000 }, () => {
  const azurite = useAzurite();
  let tests = 0;
  /** A separate lease for each test, used by several processes, and the names of the waiting requests. */
  const newLease = () => {
    tests += 1;
    const open = () => tablesAt(azurite.connectionString())(`leases${tests}`);
    const table = open();
    const row = async () => (await table.read(key))?.row;
    const insert = (columns: Readonly<Record<string, string | number>>) => table.insert({ ...key, ...columns });
    return {
      seenBy: () => createLeases(open()),
      row,
      insert,
      waiting: async () => String((await row())?.waiting ?? ''),
    };
  };
  const leaseOf = (result: LeaseResult): Lease => {
    if (result.kind === 'busy') throw new Error('expected a lease');
    return result.lease;
  };

  it('is held by one process, with a maximum remaining time', async () => {
    const { seenBy } = newLease();
    const [one, other] = [seenBy(), seenBy()];
    const lease = leaseOf(await one.tryAcquire({ key, holder: 'one', lastsMs: 70_000 }));
    const busy = await other.tryAcquire({ key, holder: 'other', lastsMs: 70_000 });
    expect(busy).toMatchObject({ kind: 'busy' });
    expect('remainingMs' in busy && busy.remainingMs).toBeGreaterThan(60_000);
    await lease.release();
    expect(await other.tryAcquire({ key, holder: 'other', lastsMs: 70_000 })).toMatchObject({ kind: 'held' });
  });

  it('is held by exactly one of many that ask at the same moment', async () => {
    const { seenBy } = newLease();
    const all = Array.from({ length: 8 }, seenBy);
    const results = await Promise.all(
      all.map((leases, number) => leases.tryAcquire({ key, holder: `p${number}`, lastsMs: 60_000 })),
    );
    expect(results.filter(({ kind }) => kind === 'held')).toHaveLength(1);
  });

  it('can be acquired once it has expired, and is not released by its former holder', async () => {
    const { seenBy } = newLease();
    const [dead, next, third] = [seenBy(), seenBy(), seenBy()];
    const lost = leaseOf(await dead.tryAcquire({ key, holder: 'dead', lastsMs: 1_000 }));
    const acquired = await next.acquire({ key, holder: 'next', lastsMs: 60_000 }, 30_000);
    expect(acquired).toMatchObject({ kind: 'held' });
    await lost.release();
    expect(await third.tryAcquire({ key, holder: 'third', lastsMs: 1_000 })).toMatchObject({ kind: 'busy' });
  });

  it('does not last longer because others begin to wait for it', async () => {
    const { seenBy, waiting } = newLease();
    leaseOf(await seenBy().tryAcquire({ key, holder: 'dead', lastsMs: 4_000 }));
    const first = seenBy().acquire({ key, holder: 'first', lastsMs: 60_000 }, 50_000);
    await expect.poll(waiting, { timeout: 20_000 }).toBe('first');
    // The row was just written, and is still that of the holder.
    const busy = await seenBy().tryAcquire({ key, holder: 'caller', lastsMs: 60_000 });
    expect('remainingMs' in busy && busy.remainingMs).toBeLessThanOrEqual(4_000 + 5_000);
    expect(await first).toMatchObject({ kind: 'held' });
  });

  it('is next for the first that waits: callers who keep asking do not starve it (fault 49)', async () => {
    const { seenBy, waiting } = newLease();
    const [holder, waiter, caller] = [seenBy(), seenBy(), seenBy()];
    const lease = leaseOf(await holder.tryAcquire({ key, holder: 'holder', lastsMs: 60_000 }));
    const next = waiter.acquire({ key, holder: 'waiter', lastsMs: 60_000 }, 50_000);
    await expect.poll(waiting, { timeout: 20_000 }).toBe('waiter');
    let isOver = false;
    const impatient = (async () => {
      const results: string[] = [];
      for (let call = 0; !isOver; call += 1) {
        results.push((await caller.tryAcquire({ key, holder: `call ${call}`, lastsMs: 60_000 })).kind);
      }
      return results;
    })();
    await lease.release();
    expect(await next).toMatchObject({ kind: 'held' });
    isOver = true;
    expect(new Set(await impatient)).toEqual(new Set(['busy']));
  });

  it('is given to waiting requests in the order of their arrival, even if one of them requests it again and again', async () => {
    const { seenBy, row, waiting } = newLease();
    const order: string[] = [];
    const queue = async (leases: Leases, name: string) => {
      const lease = leases.acquire({ key, holder: name, lastsMs: 60_000 }, 60_000).then(leaseOf);
      void lease.then(() => order.push(name));
      await expect.poll(waiting, { timeout: 20_000 }).toContain(name);
      return { lease };
    };
    const [holder, greedy, patient] = [seenBy(), seenBy(), seenBy()];
    const lease = leaseOf(await holder.tryAcquire({ key, holder: 'holder', lastsMs: 60_000 }));
    const first = await queue(greedy, 'greedy');
    const second = await queue(patient, 'patient');
    await lease.release();
    const present = await first.lease;
    // It waits again before it has even released what it has.
    const third = await queue(greedy, 'greedy again');
    await present.release();
    await (await second.lease).release();
    await (await third.lease).release();
    expect(order).toEqual(['greedy', 'patient', 'greedy again']);
    expect(await row()).toBeUndefined();
  });

  it.each([
    ['without a time', { colour: 'blue' }, 0],
    ['with a time that is not a number', { holder: 'x', lastsMs: 'soon' }, 0],
    ['with a holder for ever', { holder: 'x', lastsMs: 1e15 }, 600_000],
    ['held until the end of time', { holder: 'x', heldUntilMs: 1e300 }, 600_000],
    ['with a queue of another program', { holder: 'x', lastsMs: 1, waiting: 'y,'.repeat(5_000) }, 501_000],
  ])('is free within minutes after a row of another program %s', async (_, row, atMostMs) => {
    const { seenBy, insert } = newLease();
    await insert(row);
    const result = await seenBy().tryAcquire({ key, holder: 'one', lastsMs: 60_000 });
    const remainingMs = result.kind === 'busy' ? result.remainingMs : 0;
    expect(remainingMs).toBeGreaterThanOrEqual(0);
    expect(remainingMs).toBeLessThanOrEqual(atMostMs);
  });

  it('is not waited for longer than requested, and the request is then removed', async () => {
    const { seenBy, waiting } = newLease();
    const [holder, waiter] = [seenBy(), seenBy()];
    await holder.tryAcquire({ key, holder: 'holder', lastsMs: 60_000 });
    const start = performance.now();
    expect(await waiter.acquire({ key, holder: 'waiter', lastsMs: 60_000 }, 300)).toMatchObject({ kind: 'busy' });
    expect(performance.now() - start).toBeGreaterThanOrEqual(299);
    expect(await waiting()).toBe('');
  });
});
