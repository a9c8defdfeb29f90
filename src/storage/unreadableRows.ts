import { printable } from '../transport/printable.ts';
import { maxPageSize, type RowQuery, readRows, type Table } from './table.ts';

/**
 * Rows of our tables that this app cannot read: another program wrote them, or another version of this app. One of them must not hide the
 * others, so lists leave them out and report them.
 */
export class UnreadableRowError extends Error {
  override readonly name = 'UnreadableRowError';
}

/** The columns of a row, as a query returns them. */
export type Columns = Readonly<Record<string, unknown>>;

/** Throws an `UnreadableRowError` with the name of the row when `read` throws. */
export function reading<Value>(table: Table, key: RowName, row: Columns, read: (row: Columns) => Value): Value {
  try {
    return read(row);
  } catch (cause) {
    throw new UnreadableRowError(nameOf(table, key), { cause });
  }
}

interface RowName {
  readonly partitionKey: string;
  readonly rowKey?: unknown;
}

function nameOf({ name }: Table, { partitionKey, rowKey }: RowName): string {
  return printable(`row ${rowKey} of partition ${partitionKey} of the table ${name}`);
}

/** Receives the name of a row that was left out. */
export type OnUnreadable = (name: string) => void;

/** The results of `read`, without the rows for which it throws. A query with a `select` needs `RowKey` in it. */
export function readableOf<Value>(
  table: Table,
  partitionKey: string,
  rows: readonly Columns[],
  read: (row: Columns) => Value,
  onUnreadable: OnUnreadable,
): Value[] {
  return rows.flatMap((row) => {
    try {
      return [read(row)];
    } catch {
      onUnreadable(nameOf(table, { partitionKey, rowKey: row.rowKey }));
      return [];
    }
  });
}

/** All readable rows of a query, or the first `count` of them. */
export async function readableRows<Value>(
  table: Table,
  { count, ...query }: RowQuery & { readonly count?: number | undefined },
  read: (row: Columns) => Value,
  onUnreadable: OnUnreadable,
): Promise<Value[]> {
  const { partitionKey } = query;
  const found: Value[] = [];
  let size = count;
  let { from, after } = query;
  for (;;) {
    const rows = await readRows(table, { ...query, from, after, count: size });
    found.push(...readableOf(table, partitionKey, rows, read, onUnreadable));
    const isComplete = size === undefined || rows.length < size || found.length >= (count ?? 0);
    if (isComplete) return found.slice(0, count);
    // Rows of another version are usually many in a row.
    size = maxPageSize;
    from = undefined;
    after = String(rows.at(-1)?.rowKey);
  }
}

export interface UnreadableRows {
  readonly note: OnUnreadable;
  /** Names of rows that were found within the last ten minutes, at most 20. */
  recent(): readonly string[];
}

/** Every reader of the history finds such a row again within this time. */
const recentMs = 10 * 60_000;
const maxNames = 20;

export function createUnreadableRows(now = Date.now): UnreadableRows {
  const foundMs = new Map<string, number>();
  return {
    note(name) {
      foundMs.delete(name);
      foundMs.set(name, now());
      const [oldest] = foundMs.keys();
      if (foundMs.size > maxNames && oldest !== undefined) foundMs.delete(oldest);
    },
    recent: () => [...foundMs].filter(([, timeMs]) => now() - timeMs < recentMs).map(([name]) => name),
  };
}
