import type { TableClient } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';

/** How to reach Table Storage: an account's connection string, or a service address and whom we are to it. */
export type TableConnection =
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'serviceUri';
      readonly tableServiceUri: string;
      /** Called with the first request, so that what makes a credential is loaded when it is needed. */
      readonly readCredential: () => Promise<TokenCredential>;
    };

/** Resolves with a table that exists. Creates it on first use, once for each name; tries again after a failure. */
export type OpenTable = (tableName: string) => Promise<TableClient>;

/** Short on purpose: who waits for a page or a probe's record would rather know that the storage is away. */
const retryOptions = { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1000 };
const createTimeoutMs = 10_000;

export function createTableOpener(connection: TableConnection): OpenTable {
  const tables = new Map<string, Promise<TableClient>>();
  return (tableName) => {
    const opened = tables.get(tableName) ?? openTable(connection, tableName);
    tables.set(tableName, opened);
    opened.catch(() => tables.delete(tableName));
    return opened;
  };
}

async function openTable(connection: TableConnection, tableName: string): Promise<TableClient> {
  const table = await clientFor(connection, tableName);
  // Resolves also when the table is there already.
  await table.createTable({ abortSignal: AbortSignal.timeout(createTimeoutMs) });
  return table;
}

async function clientFor(connection: TableConnection, tableName: string): Promise<TableClient> {
  const { TableClient } = await import('@azure/data-tables');
  if (connection.kind === 'serviceUri') {
    const credential = await connection.readCredential();
    return new TableClient(connection.tableServiceUri, tableName, credential, { retryOptions });
  }
  const allowInsecureConnection = namesHttp(connection.connectionString);
  try {
    return TableClient.fromConnectionString(connection.connectionString, tableName, {
      retryOptions,
      allowInsecureConnection,
    });
  } catch (cause) {
    throw new Error(
      'expected a storage connection string, such as DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net',
      { cause },
    );
  }
}

/** Azurite's usual form. Everything else stays HTTPS, or is refused by the client. */
function namesHttp(connectionString: string): boolean {
  return /(^|;)\s*(DefaultEndpointsProtocol=http|TableEndpoint=http:.*|UseDevelopmentStorage=true)\s*(;|$)/i.test(
    connectionString,
  );
}
