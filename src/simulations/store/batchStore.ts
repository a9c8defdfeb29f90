import { chunkColumns, fromChunks, toChunks } from '../../storage/chunkedText.ts';
import { readRows, retryOnConflict, type Table } from '../../storage/table.ts';
import type { BatchSummary, VerdictCounts } from '../batchSummary.ts';

/** A batch as its row has it. A row is there from when its message was about to be sent. */
export interface BatchState {
  readonly number: number;
  readonly state: 'queued' | 'running' | 'done';
  /** When its last message was sent, milliseconds since the epoch. */
  readonly queuedAtMs: number;
  /** The claim of a worker is good until then unless it is renewed. 0: nobody's. */
  readonly leaseUntilMs: number;
  readonly worker?: string;
  /** Claims since the batch was last handed back in good order: a worker that dies takes one with it. */
  readonly claims: number;
  /** So far, for the eyes of whoever waits; the summary is what counts. */
  readonly progress?: VerdictCounts;
  /** Why the last claim ended in a fault. */
  readonly lastError?: string;
  /** Set with `done`, once. */
  readonly summary?: BatchSummary;
}

export interface BatchStore {
  /** Newest state of every batch that has a row, by number, without the summaries. */
  list(simulationId: string): Promise<readonly BatchState[]>;
  /** Of the batches that are done. */
  summaries(simulationId: string): AsyncIterable<{ readonly number: number; readonly summary: BatchSummary }>;
  read(simulationId: string, number: number): Promise<BatchState | undefined>;
  /** False: there is a row already. */
  insert(simulationId: string, batch: BatchState): Promise<boolean>;
  /** `change` may be called again with a newer state, or with undefined when there is no row; answers undefined to leave it. */
  update(
    simulationId: string,
    number: number,
    change: (batch: BatchState | undefined) => BatchState | undefined,
  ): Promise<{ readonly batch: BatchState | undefined; readonly changed: boolean }>;
  removeAll(simulationId: string): Promise<void>;
}

/** The summary in columns of its own (`summary0`, …), so that a list need not fetch it. */
const summaryName = 'summary';

export function createBatchStore(table: Table): BatchStore {
  const rowsOf = (simulationId: string, select: readonly string[]) =>
    readRows(table, { partitionKey: partitionOf(simulationId), select });
  const keyOf = (simulationId: string, number: number) => ({
    partitionKey: partitionOf(simulationId),
    rowKey: rowKeyOf(number),
  });
  return {
    async list(simulationId) {
      return (await rowsOf(simulationId, ['json'])).map(parse);
    },
    async *summaries(simulationId) {
      for (const row of await rowsOf(simulationId, ['RowKey', ...chunkColumns(summaryName)])) {
        const summary = summaryOf(row);
        if (summary) yield { number: Number(row.rowKey), summary };
      }
    },
    async read(simulationId, number) {
      const found = await table.read(keyOf(simulationId, number));
      return found && parse(found.row);
    },
    insert: async (simulationId, batch) => (await table.insert(rowOf(simulationId, batch))).kind === 'written',
    update: (simulationId, number, change) =>
      retryOnConflict(async () => {
        const found = await table.read(keyOf(simulationId, number));
        const present = found && parse(found.row);
        const changed = change(present);
        if (!changed) return { batch: present, changed: false };
        const row = rowOf(simulationId, changed);
        const { kind } = await (found ? table.replace(row, found.etag) : table.insert(row));
        return kind === 'written' ? { batch: changed, changed: true } : 'changed';
      }),
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

function parse(row: Readonly<Record<string, unknown>>): BatchState {
  const state = JSON.parse(String(row.json)) as BatchState;
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
