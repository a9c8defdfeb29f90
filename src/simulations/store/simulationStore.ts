import { invertedTime } from '../../storage/keys.ts';
import { readRows, retryOnConflict, type StoredRow, type Table } from '../../storage/table.ts';
import { type OnUnreadable, reading, UnreadableRowError } from '../../storage/unreadableRows.ts';
import { reserve } from '../pace.ts';
import { isSimulationId, type Simulation } from '../simulation.ts';
import { simulationOf, simulationRow } from './simulationRow.ts';

/**
 * The simulations table: one row for each simulation (partition `simulation`), an index with the newest first (`recent`), and the next free
 * start of each ID scope within the service's limit (`budget`). Batches of a simulation are rows of the same table (batchStore.ts).
 */
export interface SimulationStore {
  /** The storage's clock, estimated from its responses; times in rows are compared with it. Milliseconds since the epoch. */
  now(): number;
  /** Inserts the simulation, or returns the existing one with this ID. */
  create(simulation: Simulation): Promise<Simulation>;
  read(id: string): Promise<Simulation | undefined>;
  /**
   * Changes the newest version of the row. `change` may be called again with a newer version, and returns the same object to change
   * nothing; `nowMs` is the storage's clock. Resolves with the resulting simulation; undefined when there is none.
   */
  update(id: string, change: (simulation: Simulation, nowMs: number) => Simulation): Promise<Updated | undefined>;
  /**
   * Newest first. `after` is the `last` of the previous page; `last` is present when there is a next page. Leaves out rows that cannot be
   * read, as `createdBefore` does; the other methods reject with an `UnreadableRowError`.
   */
  page(limit: number, after?: string): Promise<{ readonly simulations: readonly Simulation[]; readonly last?: string }>;
  /** Reserves starts from the budget of all simulations of an ID scope, so that together they stay below the service's limit. */
  reserveBudget(idScope: string, ratePerSecond: number, count: number): Promise<readonly number[]>;
  /** Newest first. */
  createdBefore(time: Date): AsyncIterable<Simulation>;
  /** Removes the row and its index entry. The caller removes batches and outcomes before. */
  remove(simulation: Simulation): Promise<void>;
}

export interface Updated {
  readonly simulation: Simulation;
  /** True when this call changed it. */
  readonly changed: boolean;
}

/** Rows that are read in parallel: a long list is fast, without hundreds of connections. */
const readsAtOnce = 25;

const partition = 'simulation';
const recentPartition = 'recent';
const budgetPartition = 'budget';

export function createSimulationStore(table: Table, onUnreadable: OnUnreadable): SimulationStore {
  const clock = clockOf(table);
  const readRow = async (rowKey: string, partitionKey = partition) => {
    const sentAtMs = Date.now();
    const found = await table.read({ partitionKey, rowKey });
    if (found) clock.observe(found, sentAtMs);
    return found;
  };
  const parse = ({ row }: StoredRow): Simulation => reading(table, row, row, simulationOf);
  /** Of a row of the index. */
  const readListed = async ({ id, rowKey }: Readonly<Record<string, unknown>>): Promise<Simulation | undefined> => {
    try {
      if (typeof id === 'string' && isSimulationId(id)) return await store.read(id);
      onUnreadable(`row ${rowKey} of partition ${recentPartition} of the table ${table.name}`);
    } catch (error) {
      if (!(error instanceof UnreadableRowError)) throw error;
      onUnreadable(error.message);
    }
    return undefined;
  };
  const store: SimulationStore = {
    now: clock.now,
    async create(simulation) {
      const inserted = await table.insert({ ...keyOf(simulation), ...simulationRow(simulation) });
      const present = inserted.kind === 'written' ? simulation : ((await store.read(simulation.id)) ?? simulation);
      // After the row itself, and again when a creation is repeated, so that a crash in between does not hide the
      // simulation.
      await table.insert({ partitionKey: recentPartition, rowKey: recentKey(present), id: present.id });
      return present;
    },
    async read(id) {
      const found = await readRow(id);
      return found && parse(found);
    },
    update: (id, change) =>
      retryOnConflict(async () => {
        const found = await readRow(id);
        if (!found) return undefined;
        const present = parse(found);
        const changed = change(present, clock.now());
        if (changed === present) return { simulation: present, changed: false };
        const { kind } = await table.replace({ ...keyOf(changed), ...simulationRow(changed) }, found.etag);
        return kind === 'written' ? { simulation: changed, changed: true } : 'changed';
      }),
    async page(limit, after) {
      // One more row shows whether there is a next page.
      const rows = await readRows(table, { partitionKey: recentPartition, after, count: limit + 1 });
      const onPage = rows.slice(0, limit);
      const simulations: (Simulation | undefined)[] = [];
      for (let start = 0; start < onPage.length; start += readsAtOnce) {
        const chunk = onPage.slice(start, start + readsAtOnce);
        simulations.push(...(await Promise.all(chunk.map(readListed))));
      }
      const present = simulations.filter((simulation) => simulation !== undefined);
      return { simulations: present, ...(rows.length > limit && { last: String(onPage.at(-1)?.rowKey) }) };
    },
    reserveBudget: (idScope, ratePerSecond, count) =>
      retryOnConflict(async () => {
        const found = await readRow(idScope, budgetPartition);
        const nowMs = clock.now();
        const { startsAtMs, nextStartAtMs } = reserve(
          { ratePerSecond, nextStartAtMs: Number(found?.row.nextStartAtMs ?? nowMs) },
          count,
          nowMs,
        );
        const row = { partitionKey: budgetPartition, rowKey: idScope, nextStartAtMs };
        const { kind } = await (found ? table.replace(row, found.etag) : table.insert(row));
        return kind === 'written' ? startsAtMs : 'changed';
      }),
    async *createdBefore(time) {
      for await (const page of table.pages({ partitionKey: recentPartition, after: invertedTime(time.getTime()) })) {
        for (const row of page) {
          const simulation = await readListed(row);
          if (simulation) yield simulation;
        }
      }
    },
    async remove(simulation) {
      await table.remove({ partitionKey: partition, rowKey: simulation.id });
      await table.remove({ partitionKey: recentPartition, rowKey: recentKey(simulation) });
    },
  };
  return store;
}

function keyOf({ id }: Simulation) {
  return { partitionKey: partition, rowKey: id };
}

function recentKey({ createdAt, id }: Simulation): string {
  return `${invertedTime(Date.parse(createdAt))}-${id}`;
}

interface StorageClock {
  now(): number;
  /** `sentAtMs`: this machine's clock before the request. */
  observe(read: StoredRow, sentAtMs: number): void;
}

const clocks = new WeakMap<Table, StorageClock>();
/** A response's `Date` has whole seconds. */
const dateStepMs = 1000;

/** One clock for each table, shared by all invocations. */
function clockOf(table: Table): StorageClock {
  const clock = clocks.get(table) ?? createClock();
  clocks.set(table, clock);
  return clock;
}

/**
 * Each response limits the offset between the two clocks: when it arrived, the storage's time was at least its `Date`; when the request was
 * sent, it was less than a second after that `Date`.
 */
function createClock(): StorageClock {
  let offsetMs = 0;
  return {
    now: () => Date.now() + offsetMs,
    observe({ nowMs }, sentAtMs) {
      if (Number.isNaN(nowMs)) return;
      const atLeast = nowMs - Date.now();
      offsetMs = Math.min(Math.max(offsetMs, atLeast), nowMs + dateStepMs - sentAtMs);
    },
  };
}
