import { keyText } from '../storage/keys.ts';
import { readRows, type Table } from '../storage/table.ts';

/** One partition; a row for each location whose app writes into this history. Row key: the location through `keyText`. */
export const locationTable = 'locations';

const partitionKey = 'location';

/** Repeating it only renews the row. */
export async function registerLocation(table: Table, location: string): Promise<void> {
  await table.put([{ partitionKey, rowKey: keyText(location), location }]);
}

/** Locations that have written nothing for so long have no outcomes any more. */
export async function forgetLocations(table: Table, olderThan: Date): Promise<void> {
  const rows = await readRows(table, { partitionKey, select: ['RowKey', 'Timestamp'] });
  const silent = rows.filter(({ timestamp }) => Date.parse(String(timestamp)) < olderThan.getTime());
  await table.removeAll(
    partitionKey,
    silent.map(({ rowKey }) => String(rowKey)),
  );
}

export async function knownLocations(table: Table, own: string, signal?: AbortSignal): Promise<readonly string[]> {
  const rows = await readRows(table, { partitionKey, select: ['location'], signal });
  return [...new Set([own, ...rows.map(({ location }) => String(location))])].sort();
}
