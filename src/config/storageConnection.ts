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
    const message = connectionStringError(connectionString, service);
    return message === undefined ? { kind: 'connectionString', connectionString } : { path: name, message };
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

/** What is wrong with it for the Azure SDKs, which would throw only when they are used. Never quotes it. */
function connectionStringError(text: string, service: StorageService): string | undefined {
  if (/^UseDevelopmentStorage=true(?:;|$)/.test(text)) return undefined;
  const fields = new Map(
    text.split(';').map((part) => {
      const [name = '', ...value] = part.split('=');
      return [name.trim(), value.join('=').trim()] as const;
    }),
  );
  const endpoint = fields.get(service === 'table' ? 'TableEndpoint' : 'QueueEndpoint');
  if (endpoint !== undefined && !isHttpUrl(endpoint)) {
    return `expected ${service === 'table' ? 'TableEndpoint' : 'QueueEndpoint'} to be an http or https URL`;
  }
  if (fields.get('SharedAccessSignature')) {
    return endpoint === undefined
      ? `required, but missing: ${service === 'table' ? 'TableEndpoint' : 'QueueEndpoint'}`
      : undefined;
  }
  const [protocol, account, key] = ['DefaultEndpointsProtocol', 'AccountName', 'AccountKey'].map((name) =>
    fields.get(name),
  );
  if (!protocol || !account || !key) return formExpected;
  if (!/^https?$/.test(protocol)) return 'expected DefaultEndpointsProtocol to be http or https';
  if (!/^[a-z0-9]{3,24}$/.test(account)) return 'expected AccountName to be 3 to 24 lower-case letters and digits';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return 'expected AccountKey to be base64';
  const suffix = fields.get('EndpointSuffix');
  const isHost = suffix === undefined || /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(suffix);
  return isHost ? undefined : 'expected EndpointSuffix to be a host name, as in core.windows.net';
}

const formExpected =
  'expected a storage connection string: DefaultEndpointsProtocol, AccountName and AccountKey, ' +
  "or the services' endpoints and SharedAccessSignature, or UseDevelopmentStorage=true";

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
