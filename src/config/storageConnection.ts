import * as z from 'zod';
import type { ConfigurationError } from './configurationErrors.ts';
import { type Environment, httpsOrigin, identityClientId } from './formats.ts';

/** How to reach one service (table or queue) of a storage account, by Azure Functions' own convention for connections. */
export type StorageConnection =
  /** `UseDevelopmentStorage=true` included: the Azure SDKs know it. */
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'identity';
      /** URL of the service, e.g. `https://account.table.core.windows.net`, without a slash at the end. */
      readonly endpoint: string;
      /** Of the user-assigned identity, by default `AZURE_CLIENT_ID`; absent: the system-assigned one, or the developer's login. */
      readonly clientId?: string;
    };

export type StorageService = 'table' | 'queue';

/** The settings that point at one storage account. */
function settingsOf(name: string): Readonly<Record<string, z.ZodType<string>>> {
  return {
    [name]: z.string(),
    [`${name}__accountName`]: z.string().regex(/^[a-z0-9]{3,24}$/, {
      error: 'expected the name of a storage account: 3 to 24 lower-case letters and digits',
    }),
    [`${name}__blobServiceUri`]: httpsOrigin('a blob service'),
    [`${name}__queueServiceUri`]: httpsOrigin('a queue service'),
    [`${name}__tableServiceUri`]: httpsOrigin('a table service'),
    [`${name}__credential`]: z.literal('managedidentity', { error: 'expected managedidentity' }),
    [`${name}__clientId`]: identityClientId,
  };
}

export const storageSettingsSchema = z
  .object({ ...settingsOf('OutcomesStorage'), ...settingsOf('AzureWebJobsStorage') })
  .partial();

/** Where outcomes are kept: `OutcomesStorage`, and where that is not set the app's own account. */
export function parseOutcomesStorage(environment: Environment): StorageConnection | ConfigurationError | undefined {
  const name = isConfigured(environment, 'OutcomesStorage') ? 'OutcomesStorage' : 'AzureWebJobsStorage';
  return parseStorageConnection(environment, name, 'table');
}

/** Where simulation batches wait: the app's own account, because the host's queue trigger listens there. */
export function parseQueueStorage(environment: Environment): StorageConnection | ConfigurationError | undefined {
  return parseStorageConnection(environment, 'AzureWebJobsStorage', 'queue');
}

/**
 * The setting `name` itself is a connection string; without it `name__tableServiceUri` (or `name__accountName`) and `name__clientId`
 * mean managed identity. In that order, as the host does.
 *
 * @returns undefined where nothing is configured
 */
function parseStorageConnection(
  environment: Environment,
  name: string,
  service: StorageService,
): StorageConnection | ConfigurationError | undefined {
  const connectionString = environment[name];
  if (connectionString !== undefined) {
    if (isConnectionString(connectionString)) return { kind: 'connectionString', connectionString };
    return {
      path: name,
      message:
        'expected a storage connection string: DefaultEndpointsProtocol, AccountName and AccountKey, ' +
        "or the services' endpoints and SharedAccessSignature, or UseDevelopmentStorage=true",
    };
  }
  if (!isConfigured(environment, name)) return undefined;

  const accountName = environment[`${name}__accountName`];
  const endpoint =
    environment[`${name}__${service}ServiceUri`] ??
    (accountName === undefined ? undefined : `https://${accountName}.${service}.core.windows.net`);
  if (endpoint === undefined) {
    const message = `required, but missing: the URL of the account's ${service} service`;
    return { path: `${name}__${service}ServiceUri`, message };
  }
  const clientId = environment[`${name}__clientId`] ?? environment.AZURE_CLIENT_ID;
  return { kind: 'identity', endpoint: endpoint.replace(/\/$/, ''), ...(clientId === undefined ? {} : { clientId }) };
}

/** Whether any of the settings is there that say which account it is. */
function isConfigured(environment: Environment, name: string): boolean {
  const places = ['', '__accountName', '__blobServiceUri', '__queueServiceUri', '__tableServiceUri'];
  return places.some((suffix) => environment[`${name}${suffix}`] !== undefined);
}

/** The forms that the Azure SDKs read. */
function isConnectionString(text: string): boolean {
  if (text.startsWith('UseDevelopmentStorage=true')) return true;
  const names = new Set(text.split(';').map((part) => /^\s*(\w+)=./.exec(part)?.[1]));
  const hasAll = (...wanted: readonly string[]) => wanted.every((name) => names.has(name));
  return (
    hasAll('DefaultEndpointsProtocol', 'AccountName', 'AccountKey') ||
    (names.has('SharedAccessSignature') && (names.has('TableEndpoint') || names.has('QueueEndpoint')))
  );
}
