import { invertedTime } from '../storage/keys.ts';
import type { OpenTables } from '../storage/openTables.ts';
import { heartbeatTable } from './heartbeat.ts';
import { forgetLocations, locationTable } from './locations.ts';
import { outcomeIndexes } from './outcomeKeys.ts';
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

/**
 * Deletes what is past its time, of every probe that there ever was, configured or not. Deletes oldest and newest alike, so a run that
 * is cut short has done part of the work, and the next one finds the rest.
 */
export async function pruneHistory(open: OpenTables, now: Date, options: PruneOptions): Promise<PruneResult> {
  const deadlineMs = performance.now() + (options.budgetMs ?? defaultBudgetMs);
  let deletedRows = 0;
  for (const { tableName, rules } of expiredRows(now, options.retentionDays)) {
    const table = open(tableName);
    for await (const partitionKey of table.partitions()) {
      for (const rule of rules) {
        for await (const page of table.pages({ partitionKey, ...rule, select: ['RowKey'] })) {
          if (performance.now() > deadlineMs) return { deletedRows, complete: false };
          const rowKeys = page.map(({ rowKey }) => String(rowKey));
          await table.removeAll(partitionKey, rowKeys);
          deletedRows += rowKeys.length;
        }
      }
    }
  }
  await forgetLocations(open(locationTable), new Date(now.getTime() - keptDays(options.retentionDays) * dayMs));
  return { deletedRows, complete: true };
}

function keptDays(retentionDays: number): number {
  return retentionDays * failureRetentionFactor;
}

/** Each rule is a range of row keys, which the service finds without a scan, and holds within one partition. */
function expiredRows(now: Date, retentionDays: number) {
  const daysAgo = (days: number) => invertedTime(now.getTime() - days * dayMs);
  const olderThan = (prefix: string, days: number) => ({ after: `${prefix}${daysAgo(days)}.`, before: behind(prefix) });
  return [
    {
      tableName: outcomeTable,
      rules: outcomeIndexes.flatMap((index) => [
        { ...olderThan(`${index}-`, retentionDays), where: "verdict ne 'failing'" },
        olderThan(`${index}-`, keptDays(retentionDays)),
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
