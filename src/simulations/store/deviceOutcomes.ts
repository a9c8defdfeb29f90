import { fitOutcome } from '../../history/fitOutcome.ts';
import type { Outcome, Verdict } from '../../outcomes/outcome.ts';
import { maxRowsAtOnce, type Row, readRows, type Table } from '../../storage/table.ts';
import { type Columns, reading } from '../../storage/unreadableRows.ts';

/** The outcome of one device of a simulation. */
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
 * Stores exactly one outcome for each device, however often its batch is delivered. A device has one row `device-{index}`. The outcome of a
 * device that is not healthy is in a second row, `attention-{rank}-{index}`, whose key sorts failures first. Both rows are inserted in one
 * transaction, so a second insert for the same device fails as a whole.
 */
export interface DeviceOutcomes {
  /** Devices that already have an outcome keep it. */
  insert(simulationId: string, devices: readonly DeviceOutcome[]): Promise<void>;
  /** Of the devices `first` to `first + count - 1`, in no particular order. */
  ofRange(simulationId: string, first: number, count: number): AsyncIterable<DeviceOutcome>;
  /** Failing first, then unknown, degraded, healthy; by device number within each. */
  page(simulationId: string, options: PageOptions): Promise<OutcomePage>;
  /** Rejects when the signal aborts; another call can continue. */
  removeAll(simulationId: string, signal?: AbortSignal): Promise<void>;
}

export interface PageOptions {
  readonly limit: number;
  readonly verdict?: Verdict | undefined;
  /** The `last` of the page before. */
  readonly after?: string | undefined;
}

/** A string column holds 32 Ki characters (64 KiB of UTF-16). */
const maxCharacters = 30_000;
/** A transaction holds 4 MiB, with JSON escaped within JSON; this leaves room for keys and headers. */
const maxTransactionBytes = 3 * 1024 * 1024;

type NotHealthy = Exclude<Verdict, 'healthy'>;
const rankOf: { readonly [verdict in NotHealthy]: number } = { failing: 0, unknown: 1, degraded: 2 };
const notHealthy: readonly NotHealthy[] = ['failing', 'unknown', 'degraded'];

export function createDeviceOutcomes(table: Table): DeviceOutcomes {
  const outcomesIn = async function* (simulationId: string, keys: { readonly from: string; readonly before: string }) {
    for await (const page of table.pages({ partitionKey: simulationId, ...keys })) yield* page;
  };
  const parse = (partitionKey: string, row: Columns) =>
    reading(table, { partitionKey, rowKey: row.rowKey }, row, deviceOutcomeOf);
  return {
    async insert(simulationId, devices) {
      for (const group of groupsOf(devices.map((device) => rowsOf(simulationId, device)))) {
        if (await table.insertAll(group.flat())) continue;
        // Some rows already exist, so nothing of the group was written. Insert the devices one by one.
        for (const rows of group) await table.insertAll(rows);
      }
    },
    async *ofRange(simulationId, first, count) {
      let elsewhere = 0;
      for await (const row of outcomesIn(simulationId, { from: deviceKey(first), before: deviceKey(first + count) })) {
        const device = parse(simulationId, row);
        if (device) yield device;
        else elsewhere += 1;
      }
      for (const verdict of elsewhere > 0 ? notHealthy : []) {
        const keys = { from: attentionKey(verdict, first), before: attentionKey(verdict, first + count) };
        for await (const row of outcomesIn(simulationId, keys)) {
          const device = parse(simulationId, row);
          if (device) yield device;
        }
      }
    },
    async page(simulationId, { limit, verdict, after }) {
      const range = rangeOf(verdict);
      const from = after === undefined ? range.from : undefined;
      // One more row shows whether there is a next page.
      const options = { partitionKey: simulationId, ...range, from, after, count: limit + 1 };
      // `hasOutcome` excludes the first row of devices that are not healthy.
      const rows = await readRows(table, { ...options, where: 'hasOutcome eq true' });
      const outcomes = rows.slice(0, limit).flatMap((row) => parse(simulationId, row)?.outcome ?? []);
      return { outcomes, ...(rows.length > limit && { last: String(rows[limit - 1]?.rowKey) }) };
    },
    async removeAll(simulationId, signal) {
      for await (const page of table.pages({ partitionKey: simulationId, select: ['RowKey'], signal })) {
        const keys = page.map(({ rowKey }) => String(rowKey));
        await table.removeAll(simulationId, keys, { signal });
      }
    },
  };
}

/** Groups devices so that each group fits into a transaction, in rows and in bytes. */
function groupsOf(devices: readonly (readonly Row[])[]): readonly (readonly (readonly Row[])[])[] {
  const groups: (readonly Row[])[][] = [];
  let rowCount = 0;
  let byteCount = 0;
  for (const rows of devices) {
    const bytes = Buffer.byteLength(JSON.stringify(rows));
    const isFull = rowCount + rows.length > maxRowsAtOnce || byteCount + bytes > maxTransactionBytes;
    if (groups.length === 0 || isFull) {
      groups.push([]);
      rowCount = 0;
      byteCount = 0;
    }
    groups.at(-1)?.push(rows);
    rowCount += rows.length;
    byteCount += bytes;
  }
  return groups;
}

function rowsOf(partitionKey: string, { index, outcome }: DeviceOutcome): readonly Row[] {
  const { verdict } = outcome;
  const found = { index, hasOutcome: true, json: outcomeJson(outcome) };
  const rowKey = deviceKey(index);
  if (verdict === 'healthy') return [{ partitionKey, rowKey, ...found }];
  return [
    { partitionKey, rowKey, index },
    { partitionKey, rowKey: attentionKey(verdict, index), ...found },
  ];
}

/** Undefined: this device's outcome is in its other row. */
function deviceOutcomeOf({ index, json }: Columns): DeviceOutcome | undefined {
  return typeof json === 'string' ? { index: Number(index), outcome: JSON.parse(json) as Outcome } : undefined;
}

/** `attention-…` sorts before `device-…`. */
function rangeOf(verdict: Verdict | undefined): { readonly from: string; readonly before: string } {
  if (verdict === undefined) return { from: 'attention-', before: 'device.' };
  if (verdict === 'healthy') return { from: 'device-', before: 'device.' };
  return { from: `attention-${rankOf[verdict]}-`, before: `attention-${rankOf[verdict]}.` };
}

function deviceKey(index: number): string {
  return `device-${paddedIndex(index)}`;
}

function attentionKey(verdict: NotHealthy, index: number): string {
  return `attention-${rankOf[verdict]}-${paddedIndex(index)}`;
}

function paddedIndex(index: number): string {
  return String(index).padStart(7, '0');
}

/** Leaves out the certificate chain, which is the same for all devices, and the transcripts of healthy devices. */
function outcomeJson({ transcript, server, ...rest }: Outcome): string {
  const { chain: _, ...leaf } = server ?? {};
  const outcome = {
    ...rest,
    ...(server && { server: leaf }),
    ...(transcript && rest.verdict !== 'healthy' && { transcript }),
  } as Outcome;
  return fitOutcome(outcome, maxCharacters).text;
}

/**
 * Group commit: outcomes that arrive during a write are written together by the next one. There is no timer, so an outcome waits for at
 * most one other write.
 */
export interface OutcomeWriter {
  /** Resolves when the outcome is stored, rejects when it could not be. */
  write(device: DeviceOutcome): Promise<void>;
}

export function createOutcomeWriter(insert: (devices: readonly DeviceOutcome[]) => Promise<void>): OutcomeWriter {
  interface Waiting {
    readonly device: DeviceOutcome;
    readonly stored: PromiseWithResolvers<void>;
  }
  const waiting: Waiting[] = [];
  let isWriting = false;

  const writeAll = async () => {
    isWriting = true;
    while (waiting.length > 0) {
      const group = waiting.splice(0, maxRowsAtOnce);
      try {
        await insert(group.map(({ device }) => device));
        for (const { stored } of group) stored.resolve();
      } catch (error) {
        for (const { stored } of group) stored.reject(error);
      }
    }
    isWriting = false;
  };

  return {
    write(device) {
      const stored = Promise.withResolvers<void>();
      waiting.push({ device, stored });
      if (!isWriting) void writeAll();
      return stored.promise;
    },
  };
}
