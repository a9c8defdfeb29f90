import * as z from 'zod/mini';
import { chunkColumns, fromChunks, toChunks } from '../../storage/chunkedText.ts';
import type { Queue } from '../../storage/openQueues.ts';
import { readRows, retryOnConflict, type Table } from '../../storage/table.ts';
import { type Columns, reading } from '../../storage/unreadableRows.ts';
import type { BatchSummary, VerdictCounts } from '../batchSummary.ts';
import { isSimulationId } from '../simulation.ts';

/** The state of a batch. Its row is inserted before its message is sent. */
export interface BatchState {
  readonly number: number;
  /** `running`: a worker holds the batch as long as it renews the row. */
  readonly state: 'queued' | 'running' | 'done';
  readonly worker?: string;
  /** Claims since the batch was last released. Each worker that dies adds one. */
  readonly claims: number;
  /** Verdicts so far, for progress requests. The summary replaces them. */
  readonly progress?: VerdictCounts;
  /** Why the last claim ended in an error. */
  readonly lastError?: string;
  /** Set with `done`, once. */
  readonly summary?: BatchSummary;
}

export interface StoredBatch {
  readonly batch: BatchState;
  readonly etag: string;
  /** Time since the row was written, by the storage's clock. */
  readonly ageMs: number;
}

export interface BatchStore {
  /** Every batch that has a row, by number, without the summaries. `nowMs` is the storage's clock. */
  list(simulationId: string, nowMs: number): Promise<readonly Omit<StoredBatch, 'etag'>[]>;
  /** The summaries of the batches that are done. */
  summaries(simulationId: string): Promise<readonly { readonly number: number; readonly summary: BatchSummary }[]>;
  /** False: the row already exists. */
  insert(simulationId: string, batch: BatchState): Promise<boolean>;
  /** `change` may be called again with a newer row, or with undefined when there is no row. It returns undefined to change nothing. */
  update(
    simulationId: string,
    number: number,
    change: (stored: StoredBatch | undefined) => BatchState | undefined,
  ): Promise<{ readonly stored: StoredBatch | undefined; readonly changed: boolean }>;
  /** Undefined: the row has changed since `before`. */
  replace(simulationId: string, batch: BatchState, before: StoredBatch): Promise<StoredBatch | undefined>;
  removeAll(simulationId: string): Promise<void>;
}

/** The summary has its own columns (`summary0`, …), so that a list need not fetch it. */
const summaryName = 'summary';

export function createBatchStore(table: Table): BatchStore {
  const rowsOf = (simulationId: string, select: readonly string[]) =>
    readRows(table, { partitionKey: partitionOf(simulationId), select });
  const parse = (simulationId: string, row: Columns) =>
    reading(table, { partitionKey: partitionOf(simulationId), rowKey: row.rowKey }, row, batchOf);
  const keyOf = (simulationId: string, number: number) => ({
    partitionKey: partitionOf(simulationId),
    rowKey: rowKeyOf(number),
  });
  return {
    async list(simulationId, nowMs) {
      const rows = await rowsOf(simulationId, ['RowKey', 'json', 'Timestamp']);
      return rows.map((row) => ({
        batch: parse(simulationId, row),
        ageMs: Math.max(0, nowMs - Date.parse(String(row.timestamp))),
      }));
    },
    async summaries(simulationId) {
      const rows = await rowsOf(simulationId, ['RowKey', ...chunkColumns(summaryName)]);
      return rows.flatMap((row) => {
        const summary = summaryOf(row);
        return summary ? [{ number: Number(row.rowKey), summary }] : [];
      });
    },
    insert: async (simulationId, batch) => (await table.insert(rowOf(simulationId, batch))).kind === 'written',
    update: (simulationId, number, change) =>
      retryOnConflict(async () => {
        const found = await table.read(keyOf(simulationId, number));
        const present = found && { batch: parse(simulationId, found.row), etag: found.etag, ageMs: found.ageMs };
        const batch = change(present);
        if (!batch) return { stored: present, changed: false };
        const row = rowOf(simulationId, batch);
        const written = await (found ? table.replace(row, found.etag) : table.insert(row));
        if (written.kind === 'changed') return 'changed';
        return { stored: { batch, etag: written.etag, ageMs: 0 }, changed: true };
      }),
    async replace(simulationId, batch, { etag }) {
      const written = await table.replace(rowOf(simulationId, batch), etag);
      return written.kind === 'written' ? { batch, etag: written.etag, ageMs: 0 } : undefined;
    },
    async removeAll(simulationId) {
      const rows = await rowsOf(simulationId, ['RowKey']);
      await table.removeAll(
        partitionOf(simulationId),
        rows.map(({ rowKey }) => String(rowKey)),
      );
    },
  };
}

function rowOf(simulationId: string, { summary, ...rest }: BatchState) {
  return {
    partitionKey: partitionOf(simulationId),
    rowKey: rowKeyOf(rest.number),
    json: JSON.stringify(rest),
    ...toChunks(summaryName, summary && JSON.stringify(summary)),
  };
}

/** The fields that readers rely on. */
const storedBatch = z.looseObject({
  number: z.int().check(z.nonnegative()),
  state: z.enum(['queued', 'running', 'done']),
  claims: z.int().check(z.nonnegative()),
});

/** Throws when the row has no batch. */
function batchOf(row: Columns): BatchState {
  const state = storedBatch.parse(JSON.parse(String(row.json))) as BatchState;
  const summary = summaryOf(row);
  return summary ? { ...state, summary } : state;
}

function summaryOf(row: Readonly<Record<string, unknown>>): BatchSummary | undefined {
  const text = fromChunks(summaryName, row);
  return text === undefined ? undefined : (JSON.parse(text) as BatchSummary);
}

function partitionOf(simulationId: string): string {
  return `batches-${simulationId}`;
}

function rowKeyOf(number: number): string {
  return String(number).padStart(4, '0');
}

const simulationId = z.string().check(z.refine(isSimulationId));

/**
 * A message in the queue. No field may have the name of the trigger's metadata (`id`, `dequeueCount`, …), because the host overwrites that
 * with body fields of the same name.
 */
const taskSchema = z.discriminatedUnion('work', [
  /** Run this batch. */
  z.strictObject({ work: z.literal('batch'), simulationId, batchNumber: z.int().check(z.nonnegative()) }),
  /** Reconcile the simulation; sent again until it has ended. */
  z.strictObject({ work: z.literal('watch'), simulationId }),
]);

export type SimulationTask = z.infer<typeof taskSchema>;

/** The bindings of the queue functions use the same name. */
export const batchQueueName = 'simulation-batches';

export interface BatchQueue {
  /** `delaySeconds`: the message becomes visible after this time. */
  send(task: SimulationTask, delaySeconds?: number): Promise<void>;
}

export function createBatchQueue(queue: Queue): BatchQueue {
  return { send: (task, delaySeconds = 0) => queue.send(JSON.stringify(task), { delaySeconds }) };
}

/** Undefined: not a valid message. The host has already parsed the JSON. */
export function parseTask(message: unknown): SimulationTask | undefined {
  const parsed = taskSchema.safeParse(message);
  return parsed.success ? parsed.data : undefined;
}
