import type { ConfigurationError } from './configurationErrors.ts';
import { isUsableHost } from './formats.ts';

/** Where Application Insights accepts telemetry, and how requests are authorized. */
export interface Ingestion {
  readonly instrumentationKey: string;
  readonly trackUrl: string;
  /** Scope of the Microsoft Entra ID token that each request needs; absent: no token. */
  readonly tokenScope?: string;
  /** Client ID of the user-assigned identity that requests the token. */
  readonly clientId?: string;
}

export type ParsedIngestion =
  | { readonly kind: 'absent' }
  | { readonly kind: 'valid'; readonly ingestion: Ingestion }
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigurationError[] };

const globalEndpoint = 'https://dc.services.visualstudio.com';
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const loopback = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Reads the two settings that Azure Functions' own host reads.
 * https://learn.microsoft.com/azure/azure-monitor/app/connection-strings, and for the second
 * https://learn.microsoft.com/azure/azure-functions/functions-app-settings#applicationinsights_authentication_string
 */
export function parseIngestion(
  connectionString: string | undefined,
  authenticationString: string | undefined,
): ParsedIngestion {
  if (connectionString === undefined)
    return authenticationString === undefined || isAuthentication(pairs(authenticationString))
      ? { kind: 'absent' }
      : { kind: 'invalid', errors: [authenticationError] };
  const connection = pairs(connectionString);
  const instrumentationKey = connection.get('instrumentationkey') ?? '';
  const endpoint = endpointOf(connection);
  const authentication = pairs(authenticationString ?? '');
  const authorization = authentication.get('authorization');
  const clientId = authentication.get('clientid');
  const audience = connection.get('aadaudience') ?? 'https://monitor.azure.com/.default';

  const errors = [
    !uuid.test(instrumentationKey) &&
      connectionError('the connection string of an Application Insights resource, with its InstrumentationKey'),
    !isProtected(endpoint) && connectionError('IngestionEndpoint to be an https URL'),
    !URL.canParse(audience) && connectionError('AADAudience to be a URL'),
    authenticationString !== undefined && !isAuthentication(authentication) && authenticationError,
  ].filter((error) => error !== false);
  if (errors.length > 0) return { kind: 'invalid', errors };

  return {
    kind: 'valid',
    ingestion: {
      instrumentationKey,
      trackUrl: `${endpoint.replace(/\/+$/, '')}/v2.1/track`,
      ...(authorization !== undefined && { tokenScope: audience }),
      ...(clientId !== undefined && { clientId }),
    },
  };
}

function connectionError(expected: string): ConfigurationError {
  return { path: 'APPLICATIONINSIGHTS_CONNECTION_STRING', message: `expected ${expected}` };
}

const authenticationError: ConfigurationError = {
  path: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  message: 'expected Authorization=AAD, and for a user-assigned identity ClientId=GUID;Authorization=AAD',
};

function isAuthentication(authentication: ReadonlyMap<string, string>): boolean {
  const clientId = authentication.get('clientid');
  return (
    authentication.get('authorization')?.toLowerCase() === 'aad' && (clientId === undefined || uuid.test(clientId))
  );
}

function endpointOf(connection: ReadonlyMap<string, string>): string {
  const suffix = connection.get('endpointsuffix');
  const location = connection.get('location');
  const fromSuffix = suffix && `https://${location === undefined ? '' : `${location}.`}dc.${suffix}`;
  return connection.get('ingestionendpoint') ?? fromSuffix ?? globalEndpoint;
}

/** Plain HTTP is allowed only for a collector on this machine. */
function isProtected(endpoint: string): boolean {
  if (!URL.canParse(endpoint) || /[?#@\s]/.test(endpoint)) return false;
  const { protocol, hostname } = new URL(endpoint);
  if (!isUsableHost(new URL(endpoint))) return false;
  return protocol === 'https:' || (protocol === 'http:' && loopback.includes(hostname));
}

/** `Name=value;Name=value`, names in any case. */
function pairs(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(';').flatMap((pair) => {
      const [name = '', ...value] = pair.split('=');
      return value.length === 0 ? [] : [[name.trim().toLowerCase(), value.join('=').trim()] as const];
    }),
  );
}
