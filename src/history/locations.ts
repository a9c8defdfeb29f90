import type { CallOptions } from '../storage/callLimit.ts';
import { keyText } from '../storage/keys.ts';
import { readRows, type Table } from '../storage/table.ts';

/** One partition, with a row for each location that writes to this history. Row key: the location through `keyText`. */
export const locationTable = 'locations';

const partitionKey = 'location';

/** Calling it again only renews the row. */
export async function registerLocation(table: Table, location: string, options?: CallOptions): Promise<void> {
  await table.put([{ partitionKey, rowKey: keyText(location), location }], options);
}

/** Deletes locations whose rows were not renewed since `olderThan`: their outcomes have been deleted. */
export async function forgetLocations(table: Table, olderThan: Date): Promise<void> {
  const rows = await readRows(table, { partitionKey, select: ['RowKey', 'Timestamp'] });
  const silent = rows.filter(({ timestamp }) => Date.parse(String(timestamp)) < olderThan.getTime());
  await table.removeAll(
    partitionKey,
    silent.map(({ rowKey }) => String(rowKey)),
  );
}

/** The registered locations and the own one, in alphabetical order. */
export async function knownLocations(table: Table, own: string, signal?: AbortSignal): Promise<readonly string[]> {
  const rows = await readRows(table, { partitionKey, select: ['location'], signal });
  const others = rows.flatMap(({ location }) => (typeof location === 'string' ? [location] : []));
  return [...new Set([own, ...others])].sort();
}
