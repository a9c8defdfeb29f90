import { odata, type TableClient } from '@azure/data-tables';
import { longTextOf, longTextProperties } from '../../storage/longText.ts';
import { insertRow, readRow, replaceRow, retryOnConflict } from '../../storage/tableRow.ts';
import { reserve } from '../pace.ts';
import type { Simulation } from '../simulation.ts';
import type { SimulationReport } from '../simulationReport.ts';

/**
 * The simulations table: a row a simulation (partition `simulation`), an index with the newest first (`recent`), and how far each
 * ID scope's share of the service limit is given away (`budget`). Batches of a simulation are rows of the same table (batchStore.ts).
 */
export interface SimulationStore {
  /** Inserts, or answers the one that has this id already. */
  create(simulation: Simulation): Promise<Simulation>;
  read(id: string): Promise<Simulation | undefined>;
  /**
   * Changes the newest version of the row; `change` may be called again, and answers undefined to leave the row as it is.
   * Resolves with the simulation as it then stands, and whether this call changed it.
   */
  update(id: string, change: (simulation: Simulation) => Simulation | undefined): Promise<Updated | undefined>;
  /** Newest first. */
  recent(limit: number): Promise<readonly Simulation[]>;
  /** Starts that all simulations of an ID scope share, so that together they stay below the service's limit. */
  reserveBudget(idScope: string, ratePerSecond: number, count: number, nowMs: number): Promise<readonly number[]>;
  /** Oldest last. */
  createdBefore(time: Date): AsyncIterable<Simulation>;
  /** The row and its place in the list; its batches and outcomes are for the caller to remove, before. */
  remove(simulation: Simulation): Promise<void>;
}

export interface Updated {
  readonly simulation: Simulation;
  readonly changed: boolean;
}

/** Only ever read and written whole. The report is in properties of its own (`report0`, …), for it can be long. */
interface SimulationRow {
  readonly json: string;
}

const reportName = 'report';

const partition = 'simulation';
const recentPartition = 'recent';
const budgetPartition = 'budget';

export function createSimulationStore(table: TableClient): SimulationStore {
  const store: SimulationStore = {
    async create(simulation) {
      const inserted = await insertRow(table, simulationRow(simulation));
      const present = inserted ? simulation : ((await store.read(simulation.id)) ?? simulation);
      // After the row itself, and again when a creation is repeated: a crash in between leaves nothing out of the list.
      await insertRow(table, { partitionKey: recentPartition, rowKey: recentKey(present), id: present.id });
      return present;
    },
    async read(id) {
      const found = await readRow<SimulationRow>(table, partition, id);
      return found && parse(found.row);
    },
    update: (id, change) =>
      retryOnConflict(async () => {
        const found = await readRow<SimulationRow>(table, partition, id);
        if (!found) return undefined;
        const present = parse(found.row);
        const changed = change(present);
        if (!changed) return { simulation: present, changed: false };
        const replaced = await replaceRow(table, simulationRow(changed), found.etag);
        return replaced ? { simulation: changed, changed: true } : 'changed';
      }),
    async recent(limit) {
      const ids: string[] = [];
      const rows = table.listEntities<{ id: string }>({
        queryOptions: { filter: odata`PartitionKey eq ${recentPartition}` },
      });
      for await (const { id } of rows) {
        ids.push(id);
        if (ids.length >= limit) break;
      }
      const simulations = await Promise.all(ids.map((id) => store.read(id)));
      return simulations.filter((simulation) => simulation !== undefined);
    },
    reserveBudget: (idScope, ratePerSecond, count, nowMs) =>
      retryOnConflict(async () => {
        const found = await readRow<{ nextStartAtMs: number }>(table, budgetPartition, idScope);
        const { startsAtMs, nextStartAtMs } = reserve(
          { ratePerSecond, nextStartAtMs: found?.row.nextStartAtMs ?? nowMs },
          count,
          nowMs,
        );
        const row = { partitionKey: budgetPartition, rowKey: idScope, nextStartAtMs };
        const written = found ? await replaceRow(table, row, found.etag) : await insertRow(table, row);
        return written ? startsAtMs : 'changed';
      }),
    async *createdBefore(time) {
      const filter = odata`PartitionKey eq ${recentPartition} and RowKey gt ${invertedTime(time)}`;
      for await (const { id } of table.listEntities<{ id: string }>({ queryOptions: { filter } })) {
        const simulation = await store.read(id);
        if (simulation) yield simulation;
      }
    },
    async remove(simulation) {
      await table.deleteEntity(partition, simulation.id);
      await table.deleteEntity(recentPartition, recentKey(simulation));
    },
  };
  return store;
}

function simulationRow({ report, ...rest }: Simulation) {
  return {
    partitionKey: partition,
    rowKey: rest.id,
    json: JSON.stringify(rest),
    ...longTextProperties(reportName, report && JSON.stringify(report)),
  };
}

/** Written by this module alone. */
function parse(row: SimulationRow): Simulation {
  const simulation = JSON.parse(row.json) as Simulation;
  const report = longTextOf(reportName, { ...row });
  return report === undefined ? simulation : { ...simulation, report: JSON.parse(report) as SimulationReport };
}

function recentKey({ createdAt, id }: Simulation): string {
  return `${invertedTime(new Date(createdAt))}-${id}`;
}

/** Tables sort by row key, upwards: the complement of the time puts the newest first. */
function invertedTime(time: Date): string {
  return String(Number.MAX_SAFE_INTEGER - time.getTime()).padStart(16, '0');
}
