import { invertedTime } from '../storage/keys.ts';
import type { OpenTables } from '../storage/openTables.ts';
import { heartbeatTable } from './heartbeat.ts';
import { forgetLocations, locationTable } from './locations.ts';
import { outcomeIndexes } from './outcomeKeys.ts';
import { outcomeTable } from './outcomeRow.ts';
import { dayMs, rolledUpDays, rollupTable } from './rollup.ts';

/** Failures are stored this many times longer, because they are the most interesting part of the history. */
const failureRetentionFactor = 4;

export interface PruneOptions {
  /** OUTCOME_RETENTION_DAYS. */
  readonly retentionDays: number;
  /** Default: one minute. The next call continues. */
  readonly budgetMs?: number;
}

export interface PruneResult {
  readonly deletedRows: number;
  /** False: the time was up before everything old was deleted. */
  readonly complete: boolean;
}

const defaultBudgetMs = 60_000;
/** Windows cover 30 days; a few more for clock differences and the first day. */
const rollupRetentionDays = rolledUpDays + 4;

/**
 * Deletes rows whose retention period has passed, also of probes that are no longer configured. If the time is up, the next call continues.
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

/** Each rule is a range of row keys within one partition, which needs no scan. */
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

/** The first text that sorts after all keys with this prefix; keys without a prefix are digits. */
function behind(prefix: string): string {
  return prefix === '' ? ':' : prefix.replace(/-$/, '.');
}
