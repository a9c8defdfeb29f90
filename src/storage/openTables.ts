import type { TableClient, TableEntity, TransactionAction } from '@azure/data-tables';
import type { StorageConnection } from '../config/storageConnection.ts';
import { type AzureIdentity, createAzureCredential } from '../identity/azureCredential.ts';
import { createOnce } from '../identity/createOnce.ts';
import { type CallLimiter, type CallOptions, createCallLimiter } from './callLimit.ts';
import { onlyAzureStorage } from './onlyAzureStorage.ts';
import { isContainerMissing, isMissing, isOutdated, isPresent, orElse } from './storageResponse.ts';
import { maxRowsAtOnce, type Row, type StoredRow, type Table, type Written } from './table.ts';
import { type Call, pagesOf, partitionsOf } from './tableQueries.ts';

/** Opens the tables of one storage account by name. Connects on the first call. */
export type OpenTables = (name: string) => Table;

const clientOptions = {
  /** Few and short on purpose: a caller should soon learn that the storage is not available. */
  retryOptions: { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1000 },
  // Next to the socket: at a 404 the library throws an error of its own, whichever server sent it.
  additionalPolicies: [{ policy: onlyAzureStorage, position: 'perRetry' as const }],
};

export function openTables(storage: StorageConnection, identity: AzureIdentity): OpenTables {
  const tables = new Map<string, Table>();
  const limited = createCallLimiter();
  const connect = createConnector(storage, identity);
  return (name) => {
    const table =
      tables.get(name) ??
      createTable(
        name,
        createOnce(() => connect(name)),
        limited,
      );
    tables.set(name, table);
    return table;
  };
}

function createConnector(storage: StorageConnection, identity: AzureIdentity): (table: string) => Promise<TableClient> {
  if (storage.kind === 'identity') {
    const { endpoint, clientId } = storage;
    const credential = createOnce(() => createAzureCredential({ ...identity, clientId }));
    return async (table) => {
      const { TableClient } = await import('@azure/data-tables');
      return new TableClient(endpoint, table, await credential(), clientOptions);
    };
  }
  const { connectionString } = storage;
  const allowInsecureConnection = namesHttp(connectionString);
  return async (table) => {
    const { TableClient } = await import('@azure/data-tables');
    try {
      return TableClient.fromConnectionString(connectionString, table, { ...clientOptions, allowInsecureConnection });
    } catch (cause) {
      throw new Error(
        'expected a storage connection string, such as DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net',
        { cause },
      );
    }
  };
}

/** True for Azurite's usual connection strings. The client refuses plain HTTP for all others. */
function namesHttp(connectionString: string): boolean {
  return /(^|;)\s*(DefaultEndpointsProtocol=http|TableEndpoint=http:.*|UseDevelopmentStorage=true)\s*(;|$)/i.test(
    connectionString,
  );
}

function createTable(name: string, client: () => Promise<TableClient>, limited: CallLimiter): Table {
  const call: Call = (options, start) => limited(options, async (signal) => start(await client(), signal));

  /** Creates the table when a write finds it missing. */
  const write: Call = (options, start) =>
    call(options, async (tableClient, abortSignal) => {
      try {
        return await start(tableClient, abortSignal);
      } catch (error) {
        if (!isContainerMissing(error)) throw error;
        await tableClient.createTable({ abortSignal });
        return start(tableClient, abortSignal);
      }
    });
  const transact = (actions: readonly TransactionAction[], options: CallOptions = {}) =>
    write(options, (tables, abortSignal) => tables.submitTransaction([...actions], { abortSignal }));

  const table: Table = {
    name,
    read: ({ partitionKey, rowKey }, options = {}) =>
      orElse([isMissing], undefined, () =>
        call(options, async (tables, abortSignal) => {
          let now = '';
          const onResponse = (response: { headers: { get(name: string): string | undefined } }) => {
            now = response.headers.get('date') ?? '';
          };
          const row = await tables.getEntity<Record<string, unknown>>(partitionKey, rowKey, {
            abortSignal,
            onResponse,
          });
          return { row: { ...row, partitionKey, rowKey }, etag: row.etag, ...timesOf(row.timestamp, now) };
        }),
      ),
    insert: (row, options = {}) =>
      orElse([isPresent], changed, () =>
        write(options, async (tables, abortSignal) => written(await tables.createEntity(entity(row), { abortSignal }))),
      ),
    insertAll: (rows, options) =>
      orElse([isPresent], false, async () => {
        await transact(
          rows.map((row) => ['create', entity(row)]),
          options,
        );
        return true;
      }),
    async put(rows, options = {}) {
      const [only, second] = rows;
      if (only && !second) {
        await write(options, (tables, abortSignal) => tables.upsertEntity(entity(only), 'Replace', { abortSignal }));
      } else if (only) {
        await transact(
          rows.map((row) => ['upsert', entity(row), 'Replace']),
          options,
        );
      }
    },
    replace: (row, etag, options = {}) =>
      orElse([isOutdated, isMissing], changed, () =>
        call(options, async (tables, abortSignal) =>
          written(await tables.updateEntity(entity(row), 'Replace', { etag, abortSignal })),
        ),
      ),
    remove: ({ partitionKey, rowKey }, { etag = '*', ...options } = {}) =>
      orElse([isOutdated, isMissing], false, async () => {
        await call(options, (tables, abortSignal) => tables.deleteEntity(partitionKey, rowKey, { etag, abortSignal }));
        return true;
      }),
    async removeAll(partitionKey, rowKeys, options) {
      for (let start = 0; start < rowKeys.length; start += maxRowsAtOnce) {
        const keys = rowKeys.slice(start, start + maxRowsAtOnce);
        await removeTogether(table, partitionKey, keys, transact, options);
      }
    },
    pages: (query) => pagesOf(call, query),
    partitions: (options) => partitionsOf(call, options),
  };
  return table;
}

/** Deletes rows in one transaction. If a row is already deleted, the transaction fails, and the rows are deleted one by one. */
async function removeTogether(
  table: Table,
  partitionKey: string,
  rowKeys: readonly string[],
  transact: (actions: readonly TransactionAction[], options?: CallOptions) => Promise<unknown>,
  options: CallOptions | undefined,
): Promise<void> {
  const actions = rowKeys.map((rowKey): TransactionAction => ['delete', { partitionKey, rowKey }]);
  const isDone = await orElse([isMissing], false, async () => {
    await transact(actions, options);
    return true;
  });
  if (isDone) return;
  for (const rowKey of rowKeys) await table.remove({ partitionKey, rowKey }, options);
}

const changed = { kind: 'changed' } as const;

function written({ etag }: { readonly etag?: string }): Written {
  return { kind: 'written', etag: etag ?? '' };
}

/** A copy, because the client library's type is mutable. */
function entity(row: Row): TableEntity<Record<string, unknown>> {
  return { ...row };
}

/** Both times are from the storage's clock. `Date` has whole seconds, so an age may be up to one second too small. */
function timesOf(timestamp: string | undefined, date: string): Pick<StoredRow, 'ageMs' | 'nowMs'> {
  const writtenMs = Date.parse(timestamp ?? '');
  const nowMs = Math.max(Date.parse(date), writtenMs);
  return { nowMs, ageMs: Number.isNaN(nowMs) ? 0 : nowMs - writtenMs };
}
