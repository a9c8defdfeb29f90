import type { TableClient } from '@azure/data-tables';
import type { OpenTable } from '../storage/openTable.ts';
import { heartbeatTable } from './heartbeat.ts';
import { invertedTime, outcomeIndexes } from './outcomeKeys.ts';
import { outcomeTable } from './outcomeRow.ts';
import { dayMs, rolledUpDays, rollupTable } from './rollup.ts';

/** Failures are what history is read for: they are kept this many times as long as everything else. */
const failureRetentionFactor = 4;

export interface PruneOptions {
  /** OUTCOME_RETENTION_DAYS. */
  readonly retentionDays: number;
  /** Default a minute. What is left then is for the next time. */
  readonly budgetMs?: number;
}

export interface PruneResult {
  readonly deletedRows: number;
  /** False: the time was up before everything old was gone. */
  readonly complete: boolean;
}

const defaultBudgetMs = 60_000;
/** Windows reach back 30 days; a little more, for clocks and for a day that began earlier. */
const rollupRetentionDays = rolledUpDays + 4;
/** As many as the service takes in one transaction. */
const batchSize = 100;
const pageSize = 1000;

/**
 * Deletes what is past its time, of every probe that there ever was, configured or not. Deletes oldest and newest alike, so a run that
 * is cut short has done part of the work, and the next one finds the rest.
 */
export async function pruneOutcomes(open: OpenTable, now: Date, options: PruneOptions): Promise<PruneResult> {
  const deadlineMs = performance.now() + (options.budgetMs ?? defaultBudgetMs);
  let deletedRows = 0;
  for (const { tableName, rules } of whatIsOld(now, options.retentionDays)) {
    const table = await open(tableName);
    for await (const partition of partitionsOf(table)) {
      for (const rule of rules) {
        for await (const batch of batchesOf(table, `PartitionKey eq '${partition}' and ${rule}`)) {
          if (performance.now() > deadlineMs) return { deletedRows, complete: false };
          await table.submitTransaction(batch.map((rowKey) => ['delete', { partitionKey: partition, rowKey }]));
          deletedRows += batch.length;
        }
      }
    }
  }
  return { deletedRows, complete: true };
}

/** Each rule is a range of row keys, which the service finds without a scan, and holds within one partition. */
function whatIsOld(now: Date, retentionDays: number) {
  const daysAgo = (days: number) => invertedTime(now.getTime() - days * dayMs);
  const olderThan = (prefix: string, days: number) =>
    `RowKey gt '${prefix}${daysAgo(days)}.' and RowKey lt '${behind(prefix)}'`;
  return [
    {
      tableName: outcomeTable,
      rules: outcomeIndexes.flatMap((index) => [
        `${olderThan(`${index}-`, retentionDays)} and verdict ne 'failing'`,
        olderThan(`${index}-`, retentionDays * failureRetentionFactor),
      ]),
    },
    { tableName: rollupTable, rules: ['hour-', 'day-'].map((prefix) => olderThan(prefix, rollupRetentionDays)) },
    { tableName: heartbeatTable, rules: [olderThan('', rollupRetentionDays)] },
  ];
}

/** The first text behind all those that begin with `prefix`; keys without one are digits. */
function behind(prefix: string): string {
  return prefix === '' ? ':' : prefix.replace(/-$/, '.');
}

/** From one partition to the next: a request each, however many rows they hold. */
async function* partitionsOf(table: TableClient): AsyncGenerator<string> {
  let last = '';
  for (;;) {
    const filter = `PartitionKey gt '${last}'`;
    const pages = table.listEntities({ queryOptions: { filter, select: ['PartitionKey'] } }).byPage({ maxPageSize: 1 });
    const partition = await firstOf(pages);
    if (partition === undefined) return;
    yield partition;
    last = partition;
  }
}

async function firstOf(pages: AsyncIterable<{ partitionKey?: string }[]>): Promise<string | undefined> {
  for await (const page of pages) {
    if (page[0]?.partitionKey !== undefined) return page[0].partitionKey;
  }
  return undefined;
}

async function* batchesOf(table: TableClient, filter: string): AsyncGenerator<string[]> {
  const pages = table.listEntities({ queryOptions: { filter, select: ['RowKey'] } }).byPage({ maxPageSize: pageSize });
  for await (const page of pages) {
    const keys = page.flatMap(({ rowKey }) => (rowKey === undefined ? [] : [rowKey]));
    for (let start = 0; start < keys.length; start += batchSize) yield keys.slice(start, start + batchSize);
  }
}
