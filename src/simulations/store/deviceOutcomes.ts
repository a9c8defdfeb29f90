import { odata, type TableClient, TableTransaction } from '@azure/data-tables';
import type { Outcome, Verdict } from '../../outcomes/outcome.ts';
import { isStatus } from '../../storage/tableRow.ts';

/** What one device of a simulation came to. */
export interface DeviceOutcome {
  /** From 0. */
  readonly index: number;
  readonly outcome: Outcome;
}

export interface OutcomePage {
  readonly outcomes: readonly Outcome[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/**
 * One outcome for each device, however often its batch is delivered. A device is two rows, written in one entity group
 * transaction: `claim-{index}`, which can exist once, and `outcome-{rank}-{index}`, whose key sorts the failures first. The second
 * transaction for a device fails at its claim, and with it the second outcome.
 */
export interface DeviceOutcomes {
  /** Devices that have an outcome already keep it. */
  insert(simulationId: string, devices: readonly DeviceOutcome[]): Promise<void>;
  /** Of the devices `first` to `first + count - 1`, in no particular order. */
  ofRange(simulationId: string, first: number, count: number): AsyncIterable<DeviceOutcome>;
  /** Failing first, then unknown, degraded, healthy; by device number within each. */
  page(simulationId: string, options: PageOptions): Promise<OutcomePage>;
  removeAll(simulationId: string): Promise<void>;
}

export interface PageOptions {
  readonly limit: number;
  readonly verdict?: Verdict;
  readonly cursor?: string;
}

/** A transaction takes 100 rows, and a device is two. */
export const mostDevicesAtOnce = 50;

/** A string property holds 32 Ki characters (64 KiB of UTF-16). */
const mostCharacters = 30_000;

const rankOf: { readonly [verdict in Verdict]: number } = { failing: 0, unknown: 1, degraded: 2, healthy: 3 };

interface OutcomeRow {
  readonly index: number;
  readonly json: string;
}

export function createDeviceOutcomes(table: TableClient): DeviceOutcomes {
  const write = async (simulationId: string, devices: readonly DeviceOutcome[]) => {
    const transaction = new TableTransaction();
    for (const { index, outcome } of devices) {
      transaction.createEntity({ partitionKey: simulationId, rowKey: `claim-${paddedIndex(index)}` });
      const row: OutcomeRow = { index, json: outcomeJson(outcome) };
      transaction.createEntity({ partitionKey: simulationId, rowKey: outcomeKey(outcome.verdict, index), ...row });
    }
    await table.submitTransaction(transaction.actions);
  };
  const rows = (simulationId: string, from: string, before: string) =>
    table.listEntities<OutcomeRow>({
      queryOptions: { filter: odata`PartitionKey eq ${simulationId} and RowKey ge ${from} and RowKey lt ${before}` },
    });

  return {
    async insert(simulationId, devices) {
      for (let at = 0; at < devices.length; at += mostDevicesAtOnce) {
        const group = devices.slice(at, at + mostDevicesAtOnce);
        try {
          await write(simulationId, group);
        } catch (error) {
          if (!isStatus(error, 409)) throw error;
          // Some are there already, so none of the group was written: one by one, each for itself.
          for (const device of group) await ifAbsent(() => write(simulationId, [device]));
        }
      }
    },
    async *ofRange(simulationId, first, count) {
      for (const verdict of ['failing', 'unknown', 'degraded', 'healthy'] as const) {
        for await (const { index, json } of rows(
          simulationId,
          outcomeKey(verdict, first),
          outcomeKey(verdict, first + count),
        )) {
          yield { index, outcome: JSON.parse(json) as Outcome };
        }
      }
    },
    async page(simulationId, { limit, verdict, cursor }) {
      const from = verdict ? `outcome-${rankOf[verdict]}-` : 'outcome-';
      const before = verdict ? `outcome-${rankOf[verdict]}.` : 'outcome.';
      const outcomes: Outcome[] = [];
      let last = '';
      // One more than asked for tells whether there is a next page.
      for await (const { json, rowKey } of rows(simulationId, cursor ? `${cursor}~` : from, before)) {
        if (outcomes.length === limit) return { outcomes, cursor: last };
        outcomes.push(JSON.parse(json) as Outcome);
        last = String(rowKey);
      }
      return { outcomes };
    },
    async removeAll(simulationId) {
      const all = table.listEntities({
        queryOptions: { filter: odata`PartitionKey eq ${simulationId}`, select: ['PartitionKey', 'RowKey'] },
      });
      for await (const page of all.byPage({ maxPageSize: 100 })) {
        if (page.length === 0) continue;
        const transaction = new TableTransaction();
        for (const { rowKey } of page) transaction.deleteEntity(simulationId, String(rowKey));
        await table.submitTransaction(transaction.actions);
      }
    },
  };
}

async function ifAbsent(insert: () => Promise<void>): Promise<void> {
  try {
    await insert();
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
  }
}

function outcomeKey(verdict: Verdict, index: number): string {
  return `outcome-${rankOf[verdict]}-${paddedIndex(index)}`;
}

function paddedIndex(index: number): string {
  return String(index).padStart(7, '0');
}

/** Every device of a simulation sees the same certificate chain, and a transcript is there for what went wrong. */
function outcomeJson(outcome: Outcome): string {
  const { transcript, server, ...rest } = outcome;
  const { chain: _, ...leaf } = server ?? {};
  const short = { ...rest, ...(server && { server: leaf }) };
  const whole = outcome.verdict === 'healthy' ? JSON.stringify(short) : JSON.stringify({ ...short, transcript });
  return whole.length <= mostCharacters ? whole : JSON.stringify(short);
}
