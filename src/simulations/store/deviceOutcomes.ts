import type { Outcome, Verdict } from '../../outcomes/outcome.ts';
import { maxRowsAtOnce, readRows, type Table } from '../../storage/table.ts';

/** What one device of a simulation came to. */
export interface DeviceOutcome {
  /** From 0. */
  readonly index: number;
  readonly outcome: Outcome;
}

export interface OutcomePage {
  readonly outcomes: readonly Outcome[];
  /** Absent on the last page. */
  readonly last?: string;
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
  readonly verdict?: Verdict | undefined;
  /** The `last` of the page before. */
  readonly after?: string | undefined;
}

/** A device is two rows. */
export const mostDevicesAtOnce = maxRowsAtOnce / 2;

/** A string property holds 32 Ki characters (64 KiB of UTF-16). */
const mostCharacters = 30_000;

const rankOf: { readonly [verdict in Verdict]: number } = { failing: 0, unknown: 1, degraded: 2, healthy: 3 };

export function createDeviceOutcomes(table: Table): DeviceOutcomes {
  const write = (partitionKey: string, devices: readonly DeviceOutcome[]): Promise<boolean> =>
    table.insertAll(
      devices.flatMap(({ index, outcome }) => [
        { partitionKey, rowKey: `claim-${paddedIndex(index)}` },
        { partitionKey, rowKey: outcomeKey(outcome.verdict, index), index, json: outcomeJson(outcome) },
      ]),
    );

  return {
    async insert(simulationId, devices) {
      for (let at = 0; at < devices.length; at += mostDevicesAtOnce) {
        const group = devices.slice(at, at + mostDevicesAtOnce);
        if (await write(simulationId, group)) continue;
        // Some are there already, so none of the group was written: one by one, each for itself.
        for (const device of group) await write(simulationId, [device]);
      }
    },
    async *ofRange(simulationId, first, count) {
      for (const verdict of ['failing', 'unknown', 'degraded', 'healthy'] as const) {
        const pages = table.pages({
          partitionKey: simulationId,
          from: outcomeKey(verdict, first),
          before: outcomeKey(verdict, first + count),
        });
        for await (const page of pages) {
          for (const { index, json } of page) yield { index: Number(index), outcome: outcomeOf(json) };
        }
      }
    },
    async page(simulationId, { limit, verdict, after }) {
      const from = verdict ? `outcome-${rankOf[verdict]}-` : 'outcome-';
      const before = verdict ? `outcome-${rankOf[verdict]}.` : 'outcome.';
      const range = { partitionKey: simulationId, from: after ? `${after}~` : from, before };
      // One more than asked for tells whether there is a next page.
      const rows = await readRows(table, { ...range, count: limit + 1 });
      const outcomes = rows.slice(0, limit).map(({ json }) => outcomeOf(json));
      return { outcomes, ...(rows.length > limit && { last: String(rows[limit - 1]?.rowKey) }) };
    },
    async removeAll(simulationId) {
      for await (const page of table.pages({ partitionKey: simulationId, select: ['RowKey'] })) {
        await table.removeAll(
          simulationId,
          page.map(({ rowKey }) => String(rowKey)),
        );
      }
    },
  };
}

/** Written by this module alone. */
function outcomeOf(json: unknown): Outcome {
  return JSON.parse(String(json)) as Outcome;
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
