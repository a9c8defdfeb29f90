import type { Edm } from '@azure/data-tables';
import type { CallOptions } from './callLimit.ts';

export interface RowKey {
  readonly partitionKey: string;
  readonly rowKey: string;
}

/** A value of a column. The client writes a whole number as an Int32 if it fits; use `double` for a column with one type. */
export type ColumnValue = string | number | boolean | Edm<'Double'> | undefined;

export type Row = RowKey & { readonly [column: string]: ColumnValue };

export interface StoredRow {
  readonly row: RowKey & Readonly<Record<string, unknown>>;
  readonly etag: string;
  /** Time since the row was last written, by the storage's clock: the response's `Date` minus the row's `Timestamp`. */
  readonly ageMs: number;
  /** When the storage responded, by its own clock: milliseconds since 1970, at most one second too small. */
  readonly nowMs: number;
}

/** `changed`: the row has changed since that etag, or does not exist. */
export type Written = { readonly kind: 'written'; readonly etag: string } | { readonly kind: 'changed' };

/** A range of one partition, in the order of its row keys. */
export interface RowQuery extends CallOptions {
  readonly partitionKey: string;
  /** Inclusive. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly after?: string | undefined;
  /** Exclusive. */
  readonly before?: string | undefined;
  /** An OData condition on other columns; `quoted` makes a literal. */
  readonly where?: string | undefined;
  readonly select?: readonly string[] | undefined;
  /** At most `maxPageSize`, which is the default. */
  readonly pageSize?: number | undefined;
}

/**
 * One table of a storage account. Every call has a time limit and observes the caller's signal. Reading a missing table returns no rows;
 * writing creates it.
 */
export interface Table {
  readonly name: string;
  /** Undefined: the row does not exist. */
  read(key: RowKey, options?: CallOptions): Promise<StoredRow | undefined>;
  /** `changed`: the row already exists, and is not changed. */
  insert(row: Row, options?: CallOptions): Promise<Written>;
  /** Inserts all rows of one partition, or none: false when one of them already exists. At most `maxRowsAtOnce`. */
  insertAll(rows: readonly Row[], options?: CallOptions): Promise<boolean>;
  /** Inserts or replaces rows of one partition, all or none. At most `maxRowsAtOnce`. */
  put(rows: readonly Row[], options?: CallOptions): Promise<void>;
  /** Replaces the row if it has not changed since that etag. */
  replace(row: Row, etag: string, options?: CallOptions): Promise<Written>;
  /** False: it does not exist, or has changed since that etag (default: any). */
  remove(key: RowKey, options?: CallOptions & { readonly etag?: string }): Promise<boolean>;
  /** Deletes any number of rows of one partition. Missing rows are not an error. */
  removeAll(partitionKey: string, rowKeys: readonly string[], options?: CallOptions): Promise<void>;
  /** A page per request; pages may be empty before the last one. */
  pages(query: RowQuery): AsyncGenerator<readonly Readonly<Record<string, unknown>>[]>;
  /** Names of the partitions, with one request for each, whatever their number of rows. */
  partitions(options?: CallOptions): AsyncGenerator<string>;
}

/** The service's limit for one transaction. */
export const maxRowsAtOnce = 100;

/** The service's limit for one response. */
export const maxPageSize = 1000;

/** All rows of a query, or the first `count`. */
export async function readRows(
  table: Table,
  { count, ...query }: RowQuery & { readonly count?: number | undefined },
): Promise<Readonly<Record<string, unknown>>[]> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for await (const page of table.pages({
    ...query,
    ...(count !== undefined && { pageSize: Math.min(count, maxPageSize) }),
  })) {
    rows.push(...page);
    if (count !== undefined && rows.length >= count) return rows.slice(0, count);
  }
  return rows;
}

export function double(value: number): Edm<'Double'> {
  return { type: 'Double', value };
}

/** Formats text as an OData literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const maxAttempts = 50;
const maxPauseMs = 50;

/** Calls `once` until it does not return `'changed'`: optimistic concurrency, with a short random pause between two attempts. */
export async function retryOnConflict<Result>(once: () => Promise<Result | 'changed'>): Promise<Result> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const result = await once();
    if (result !== 'changed') return result;
    await new Promise((resume) => setTimeout(resume, Math.random() * Math.min(maxPauseMs, 5 * attempt)));
  }
  throw new Error(`a row was changed by other processes ${maxAttempts} times in a row`);
}
