import type { TableClient } from '@azure/data-tables';
import type { CallOptions } from './callLimit.ts';
import { isMissing, orElse } from './storageResponse.ts';
import { maxPageSize, quoted, type RowQuery, type Table } from './table.ts';

/** Calls the client within a time limit. */
export type Call = <Value>(
  options: CallOptions,
  start: (client: TableClient, abortSignal: AbortSignal) => Promise<Value>,
) => Promise<Value>;

/** The rows of one partition, page by page, in the order of their keys. A missing table has no rows. */
export async function* pagesOf(call: Call, query: RowQuery): ReturnType<Table['pages']> {
  const queryOptions = { filter: filterOf(query), ...(query.select && { select: [...query.select] }) };
  let continuationToken: string | undefined;
  do {
    const page = await orElse([isMissing], undefined, () =>
      call(query, async (tables, abortSignal) => {
        const settings = {
          maxPageSize: query.pageSize ?? maxPageSize,
          ...(continuationToken && { continuationToken }),
        };
        const { value } = await tables
          .listEntities<Record<string, unknown>>({ queryOptions, abortSignal })
          .byPage(settings)
          .next();
        return value as Page | undefined;
      }),
    );
    if (!page) return;
    yield page;
    continuationToken = page.continuationToken;
  } while (continuationToken);
}

type Page = readonly Readonly<Record<string, unknown>>[] & { readonly continuationToken?: string };

function filterOf({ partitionKey, from, after, before, where }: RowQuery): string {
  return [
    `PartitionKey eq ${quoted(partitionKey)}`,
    from !== undefined && `RowKey ge ${quoted(from)}`,
    after !== undefined && `RowKey gt ${quoted(after)}`,
    before !== undefined && `RowKey lt ${quoted(before)}`,
    where,
  ]
    .filter((condition) => condition)
    .join(' and ');
}

/** The partition keys of a table in ascending order: one request for each, which reads no other rows. */
export async function* partitionsOf(call: Call, options: CallOptions = {}): AsyncGenerator<string> {
  let last = '';
  for (;;) {
    const filter = `PartitionKey gt ${quoted(last)}`;
    const next = await orElse([isMissing], undefined, () =>
      call(options, async (tables, abortSignal) => {
        const listed = tables.listEntities({ queryOptions: { filter, select: ['PartitionKey'] }, abortSignal });
        // A page may be empty before the last one.
        for await (const page of listed.byPage({ maxPageSize: 1 })) if (page[0]) return page[0].partitionKey;
        return undefined;
      }),
    );
    if (next === undefined) return;
    yield next;
    last = next;
  }
}
