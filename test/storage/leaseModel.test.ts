import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLeases } from '../../src/storage/leases.ts';
import type { Row, StoredRow, Table } from '../../src/storage/table.ts';
import { createVirtualTime, type VirtualTime } from '../support/virtualTime.ts';

const key = { partitionKey: '0neSCOPE', rowKey: 'device' };

interface ModelOptions {
  readonly time: VirtualTime;
  /** The delays of a request and of its response. */
  readonly delayMs: () => number;
  readonly onWrite: (row: Row) => void;
}

/** A table as documented by the service, with its own clock. */
function modelTable({ time, delayMs, onWrite }: ModelOptions): Table {
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
    rows.set(nameOf(row), { row: asRead(row), etag: `v${version}`, writtenMs: time.now() });
    onWrite(row);
    return { kind: 'written', etag: `v${version}` } as const;
  };
  const changed = { kind: 'changed' } as const;
  const absent = () => Promise.reject(new Error('leases do not need it'));
  return {
    name: 'model',
    read: (at) =>
      call((): StoredRow | undefined => {
        const stored = rows.get(nameOf(at));
        if (!stored) return undefined;
        // The response's Date has seconds only.
        const nowMs = Math.max(Math.floor(time.now() / 1000) * 1000, stored.writtenMs);
        return { ...stored, nowMs, ageMs: nowMs - stored.writtenMs };
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
}

/** A column with a type is read as its value. */
function asRead(row: Row): Row {
  const columns = Object.entries(row).map(([name, value]) => [name, typeof value === 'object' ? value.value : value]);
  return Object.fromEntries(columns) as Row;
}

const slackMs = 10_000;
/** Longer than the runs of all other processes, even if each of them is killed with the lease. */
const patientMs = 300_000;

const run = fc.record({
  waitMs: fc.constantFrom(0, 0, 5_000, 60_000, patientMs),
  timeoutMs: fc.integer({ min: 100, max: 20_000 }),
  /** The share of the lease that it holds, before it releases it. */
  share: fc.constantFrom(0.01, 0.2, 0.9, 1),
  killed: fc.constantFrom('never', 'never', 'never', 'never', 'holding', 'waiting'),
  pauseMs: fc.constantFrom(0, 50, 3_000),
});
const process_ = fc.record({
  startMs: fc.nat(30_000),
  /** Its clock: any time of day, and too fast or too slow. */
  clockMs: fc.integer({ min: -120_000, max: 120_000 }),
  clockRate: fc.double({ min: 0.9, max: 1.1, noNaN: true }),
  runs: fc.array(run, { minLength: 1, maxLength: 5 }),
});
const processes_ = fc.array(process_, { minLength: 2, maxLength: 6 });
type Processes = typeof processes_ extends fc.Arbitrary<infer Value> ? Value : never;

/** The history of one request, in true time. */
interface Request {
  readonly id: string;
  readonly waitMs: number;
  readonly startMs: number;
  readonly gaveUpMs: number;
  readonly isKilledWaiting: boolean;
  /** When its name was added to the row. */
  waitsFromMs?: number;
  /** When the storage gave it the lease. */
  acquiredMs?: number;
  /** When the process received it. */
  heldFromMs: number;
  /** When it released the lease, or the lease expired. */
  heldToMs: number;
}

/** Runs the processes in virtual time. Returns all requests in their order, and the result of a last one that waits for the lease. */
async function simulate(processes: Processes, delayMs: () => number) {
  const time = createVirtualTime();
  const requests = new Map<string, Request>();
  const onWrite = ({ holder, waiting }: Row) => {
    const current = requests.get(String(holder));
    if (current) current.acquiredMs ??= time.now();
    for (const name of String(waiting ?? '').split(',')) {
      const waiter = requests.get(name);
      if (waiter) waiter.waitsFromMs ??= time.now();
    }
  };
  const table = modelTable({ time, delayMs, onWrite });

  const runProcess = async ({ startMs, clockMs, clockRate, runs }: Processes[number], number: number) => {
    const { promise: killed, resolve: kill } = Promise.withResolvers<'killed'>();
    await time.sleep(startMs);
    for (const [index, { waitMs, timeoutMs, share, killed: isKilled, pauseMs }] of runs.entries()) {
      const id = `p${number}-${index}`;
      const request: Request = {
        id,
        waitMs,
        startMs: time.now(),
        gaveUpMs: time.now() + waitMs / clockRate,
        isKilledWaiting: isKilled === 'waiting',
        heldFromMs: 0,
        heldToMs: 0,
      };
      requests.set(id, request);
      const leases = createLeases(table, {
        now: () => clockMs + time.now() * clockRate,
        sleep: (durationMs) => {
          if (isKilled !== 'waiting') return time.sleep(durationMs / clockRate);
          kill('killed');
          return new Promise(() => undefined);
        },
      });
      const leaseRequest = { key, holder: id, lastsMs: timeoutMs + slackMs };
      const acquired = waitMs > 0 ? leases.acquire(leaseRequest, waitMs) : leases.tryAcquire(leaseRequest);
      const result = await Promise.race([acquired, killed]);
      if (result === 'killed') return;
      if (result.kind === 'held') {
        const expiresMs = (request.acquiredMs ?? 0) + leaseRequest.lastsMs;
        request.heldFromMs = time.now();
        request.heldToMs = Math.min(time.now() + leaseRequest.lastsMs * share, expiresMs);
        await time.sleep(request.heldToMs - time.now());
        // A process that is killed does not release the lease.
        if (isKilled === 'holding') return;
        await result.lease.release();
      }
      await time.sleep(pauseMs);
    }
  };
  const running = Promise.all(processes.map(runProcess));
  await time.run();
  await running;

  const last = createLeases(table, time).acquire({ key, holder: 'last', lastsMs: 1_000 }, patientMs);
  await time.run();
  return { requests: [...requests.values()], last: await last };
}

describe('a model of the lease', () => {
  it('never has two holders at once and never gets stuck, for any interleaving and any clocks', async () => {
    await fc.assert(
      fc.asyncProperty(processes_, fc.infiniteStream(fc.integer({ min: 1, max: 900 })), async (processes, delays) => {
        const { requests, last } = await simulate(processes, () => delays.next().value);
        const byStart = requests
          .filter(({ heldFromMs }) => heldFromMs > 0)
          .toSorted((one, other) => one.heldFromMs - other.heldFromMs);
        for (const [index, one] of byStart.entries()) {
          const next = byStart[index + 1];
          if (next) expect(next.heldFromMs, `${one.id} and ${next.id}`).toBeGreaterThanOrEqual(one.heldToMs);
        }
        expect(last).toMatchObject({ kind: 'held' });
      }),
      { numRuns: 150 },
    );
  });

  it('is given to waiting requests in the order in which they began to wait, and to each that waits long enough', async () => {
    await fc.assert(
      fc.asyncProperty(
        processes_,
        // A process that needs seconds for an attempt may lose its place.
        fc.infiniteStream(fc.integer({ min: 1, max: 200 })),
        async (processes, delays) => {
          const { requests } = await simulate(processes, () => delays.next().value);
          const waiters = requests.filter(({ waitsFromMs, isKilledWaiting }) => waitsFromMs && !isKilledWaiting);
          for (const waiter of waiters) {
            const { id, waitMs, waitsFromMs = 0, acquiredMs = waiter.gaveUpMs } = waiter;
            const overtakers = requests.filter(
              (other) => other.startMs > waitsFromMs && other.acquiredMs !== undefined && other.acquiredMs < acquiredMs,
            );
            expect(overtakers.map((other) => `${other.id} overtook ${id}`)).toEqual([]);
            if (waitMs === patientMs) expect(waiter.acquiredMs, id).toBeDefined();
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
