import { RestError, type TableClient, type TableEntityResult } from '@azure/data-tables';

/** Deliveries overlap, so a row may have been changed since it was read: the change is worked out again from the newer one. */
const attempts = 50;
const longestPauseMs = 50;

export interface ReadRow<Row extends object> {
  readonly row: TableEntityResult<Row>;
  readonly etag: string;
}

/** Undefined: there is no such row. Any other fault rejects. */
export async function readRow<Row extends object>(
  table: TableClient,
  partitionKey: string,
  rowKey: string,
): Promise<ReadRow<Row> | undefined> {
  try {
    const row = await table.getEntity<Row>(partitionKey, rowKey);
    return { row, etag: row.etag };
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** False: it is there already, and stays as it is. */
export async function insertRow<Row extends object>(
  table: TableClient,
  row: Row & { readonly partitionKey: string; readonly rowKey: string },
): Promise<boolean> {
  try {
    await table.createEntity(row);
    return true;
  } catch (error) {
    if (isStatus(error, 409)) return false;
    throw error;
  }
}

/** False: the row is no longer as it was at that etag. */
export async function replaceRow<Row extends object>(
  table: TableClient,
  row: Row & { readonly partitionKey: string; readonly rowKey: string },
  etag: string,
): Promise<boolean> {
  try {
    await table.updateEntity(row, 'Replace', { etag });
    return true;
  } catch (error) {
    if (isStatus(error, 412) || isStatus(error, 404)) return false;
    throw error;
  }
}

/** Calls `once` until it does not answer `'changed'`: optimistic concurrency, with a short random pause between two readers. */
export async function retryOnConflict<Result>(once: () => Promise<Result | 'changed'>): Promise<Result> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const result = await once();
    if (result !== 'changed') return result;
    await new Promise((resume) => setTimeout(resume, Math.random() * Math.min(longestPauseMs, 5 * attempt)));
  }
  throw new Error(`a row was changed by others ${attempts} times in a row`);
}

export function isStatus(error: unknown, statusCode: number): boolean {
  return error instanceof RestError && error.statusCode === statusCode;
}
