/**
 * The maintenance of one location in its own process, which a test forks: it pauses in the middle of its work, and is then killed, or
 * continues with the next message.
 */
import { once } from 'node:events';
import type { OpenTables } from '../../src/storage/openTables.ts';
import { maxRowsAtOnce, type Table } from '../../src/storage/table.ts';
import { maintenanceApp } from './maintenanceApp.ts';
import { tablesAt } from './useHistory.ts';

export interface MaintenanceJob {
  readonly connectionString: string;
  readonly location: string;
  readonly probes: readonly string[];
  readonly nowMs: number;
  readonly ownershipMs: number;
  /** Pauses after the first `count` writes of this kind to this table. A deletion of many rows pauses after its first transaction. */
  readonly stopAt: { readonly table: string; readonly write: 'put' | 'removeAll'; readonly count: number };
}

export type MaintenanceReport =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'ended'; readonly lines: readonly string[]; readonly errors: readonly string[] };

const report = (sent: MaintenanceReport) => process.send?.(sent);

function stoppingTables(open: OpenTables, stopAt: MaintenanceJob['stopAt']): OpenTables {
  let writes = 0;
  const stopIfDue = async (write: 'put' | 'removeAll') => {
    if (write !== stopAt.write) return;
    writes += 1;
    if (writes !== stopAt.count) return;
    report({ kind: 'stopped' });
    await once(process, 'message');
  };
  return (name) => {
    const table = open(name);
    if (name !== stopAt.table) return table;
    const stopping: Table = {
      ...table,
      async put(rows, options) {
        await table.put(rows, options);
        await stopIfDue('put');
      },
      async removeAll(partitionKey, rowKeys, options) {
        await table.removeAll(partitionKey, rowKeys.slice(0, maxRowsAtOnce), options);
        await stopIfDue('removeAll');
        await table.removeAll(partitionKey, rowKeys.slice(maxRowsAtOnce), options);
      },
    };
    return stopping;
  };
}

process.once('message', async ({ connectionString, nowMs, stopAt, ...options }: MaintenanceJob) => {
  const openTable = stoppingTables(tablesAt(connectionString), stopAt);
  const app = maintenanceApp({ ...options, now: new Date(nowMs), openTable });
  // Loads the storage's library first, because on a busy machine this takes longer than the heartbeat waits for the storage.
  await app.history.locations();
  await app.runTimer();
  report({ kind: 'ended', lines: app.lines, errors: app.errors });
});
process.once('disconnect', () => process.exit());
