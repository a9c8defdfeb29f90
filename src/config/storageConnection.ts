import * as z from 'zod/mini';
import type { ConfigurationError } from './configurationErrors.ts';
import { type Environment, httpsOrigin, identityClientId, isHostName, isUsableHost } from './formats.ts';

/** How to connect to one service (table or queue) of a storage account, by Azure Functions' convention for connections. */
export type StorageConnection =
  /** Includes `UseDevelopmentStorage=true`, which the Azure SDKs know. */
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'identity';
      /** URL of the service, e.g. `https://account.table.core.windows.net`, without a trailing slash. */
      readonly endpoint: string;
      /**
       * Client ID of the user-assigned identity, by default `AZURE_CLIENT_ID`. Absent: the system-assigned identity, or the developer's
       * login.
       */
      readonly clientId?: string;
    };

export type StorageService = 'table' | 'queue';

/** The settings of one storage account. */
function settingsOf(name: string): Readonly<Record<string, z.ZodMiniType<string>>> {
  return {
    [name]: z.string(),
    [`${name}__accountName`]: z.string().check(
      z.regex(/^[a-z0-9]{3,24}$/, {
        error: 'expected the name of a storage account: 3 to 24 lower-case letters and digits',
      }),
    ),
    [`${name}__blobServiceUri`]: httpsOrigin('a blob service'),
    [`${name}__queueServiceUri`]: httpsOrigin('a queue service'),
    [`${name}__tableServiceUri`]: httpsOrigin('a table service'),
    [`${name}__credential`]: z.literal('managedidentity', { error: 'expected managedidentity' }),
    [`${name}__clientId`]: identityClientId,
  };
}

export const storageSettingsSchema = z.partial(
  z.object({ ...settingsOf('OutcomesStorage'), ...settingsOf('AzureWebJobsStorage') }),
);

/** The storage of outcomes: `OutcomesStorage`, or if that is not set the app's own account. */
export function parseOutcomesStorage(environment: Environment): StorageConnection | ConfigurationError | undefined {
  const name = isConfigured(environment, 'OutcomesStorage') ? 'OutcomesStorage' : 'AzureWebJobsStorage';
  return parseStorageConnection(environment, name, 'table');
}

/** The queue storage of simulation batches: the app's own account, because the host's queue trigger reads from it. */
export function parseQueueStorage(environment: Environment): StorageConnection | ConfigurationError | undefined {
  return parseStorageConnection(environment, 'AzureWebJobsStorage', 'queue');
}

/**
 * The setting `name` itself is a connection string; without it `name__tableServiceUri` (or `name__accountName`) and `name__clientId` select
 * a managed identity. In that order, as in the host.
 *
 * @returns undefined when nothing is configured
 */
function parseStorageConnection(
  environment: Environment,
  name: string,
  service: StorageService,
): StorageConnection | ConfigurationError | undefined {
  const connectionString = environment[name];
  if (connectionString !== undefined) {
    const parsed = parseConnectionString(connectionString, service);
    return parsed.kind === 'valid'
      ? { kind: 'connectionString', connectionString: parsed.connectionString }
      : { path: name, message: parsed.message };
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

/** True when any setting that identifies the account is set. */
function isConfigured(environment: Environment, name: string): boolean {
  const places = ['', '__accountName', '__blobServiceUri', '__queueServiceUri', '__tableServiceUri'];
  return places.some((suffix) => environment[`${name}${suffix}`] !== undefined);
}

/** The Functions host's own default: https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string */
const publicSuffix = 'core.windows.net';

type ParsedConnectionString =
  | { readonly kind: 'valid'; readonly connectionString: string }
  /** Why the Azure SDKs would reject it: they would throw only on first use. Never quotes the string. */
  | { readonly kind: 'invalid'; readonly message: string };

/** In the form that the clients of tables and queues both read. */
function parseConnectionString(text: string, service: StorageService): ParsedConnectionString {
  if (/^UseDevelopmentStorage=true;?$/.test(text)) return { kind: 'valid', connectionString: text };
  const fields = text
    .split(';')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [name = '', ...value] = part.split('=');
      return [name.trim(), value.join('=').trim()] as const;
    });
  const byName = new Map(fields);
  const message =
    byName.size < fields.length ? 'expected each field of the connection string once' : errorOf(byName, service);
  if (message !== undefined) return { kind: 'invalid', message };
  if (byName.has('AccountKey') && !byName.has('EndpointSuffix')) byName.set('EndpointSuffix', publicSuffix);
  const connectionString = [...byName].map(([name, value]) => `${name}=${value}`).join(';');
  return { kind: 'valid', connectionString };
}

function errorOf(fields: ReadonlyMap<string, string>, service: StorageService): string | undefined {
  if (fields.get('UseDevelopmentStorage') === 'true') {
    return 'expected nothing after UseDevelopmentStorage=true: the client of tables would ignore it';
  }
  const endpointName = service === 'table' ? 'TableEndpoint' : 'QueueEndpoint';
  const endpoint = fields.get(endpointName);
  if (endpoint !== undefined && !isServiceUrl(endpoint)) {
    return `expected ${endpointName} to be an http or https URL without user name and query`;
  }
  const [protocol, account, key] = ['DefaultEndpointsProtocol', 'AccountName', 'AccountKey'].map((name) =>
    fields.get(name),
  );
  if (fields.get('SharedAccessSignature') && !key) {
    if (endpoint === undefined) return `required, but missing: ${endpointName}`;
    return namesAccount(endpoint, service)
      ? undefined
      : `expected ${endpointName} to name the account, as in https://NAME.${service}.${publicSuffix}`;
  }
  if (!protocol || !account || !key) return formExpected;
  if (!/^https?$/.test(protocol)) return 'expected DefaultEndpointsProtocol to be http or https';
  if (!/^[a-z0-9]{3,24}$/.test(account)) return 'expected AccountName to be 3 to 24 lower-case letters and digits';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return 'expected AccountKey to be base64';
  const suffix = fields.get('EndpointSuffix');
  return suffix === undefined || isHostName(suffix)
    ? undefined
    : `expected EndpointSuffix to be a host name, as in ${publicSuffix}`;
}

const formExpected =
  'expected a storage connection string: DefaultEndpointsProtocol, AccountName and AccountKey, ' +
  "or the services' endpoints and SharedAccessSignature, or UseDevelopmentStorage=true";

function isServiceUrl(text: string): boolean {
  if (!URL.canParse(text) || /[?#@\s]/.test(text)) return false;
  return /^https?:$/.test(new URL(text).protocol) && isUsableHost(new URL(text));
}

/** The clients read the account's name from the host, or from the path, as Azurite has it. */
function namesAccount(endpoint: string, service: StorageService): boolean {
  const { hostname, pathname } = new URL(endpoint);
  return hostname.split('.')[1] === service || pathname.length > 1;
}
