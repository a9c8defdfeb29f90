import { keyText } from '../storage/keys.ts';
import { readRows, type Table } from '../storage/table.ts';

/** One partition; a row for each location whose app writes into this history. Row key: the location through `keyText`. */
export const locationTable = 'locations';

const partitionKey = 'location';

/** Once a process, with its first outcome. Repeating it only renews the row. */
export async function registerLocation(table: Table, location: string): Promise<void> {
  await table.put([{ partitionKey, rowKey: keyText(location), location }]);
}

export async function knownLocations(table: Table, own: string, signal?: AbortSignal): Promise<readonly string[]> {
  const rows = await readRows(table, { partitionKey, select: ['location'], signal });
  return [...new Set([own, ...rows.map(({ location }) => String(location))])].sort();
}
