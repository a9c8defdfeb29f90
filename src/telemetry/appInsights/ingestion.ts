/** Where Application Insights takes telemetry, and with whose permission. */
export interface Ingestion {
  readonly instrumentationKey: string;
  readonly trackUrl: string;
  /** Set when a token of Entra ID goes with each request, for this scope. */
  readonly tokenScope?: string;
  /** Of the user-assigned identity that asks for the token. */
  readonly clientId?: string;
}

const globalEndpoint = 'https://dc.services.visualstudio.com';
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const loopback = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Reads the two settings that Azure Functions' own host reads.
 * https://learn.microsoft.com/azure/azure-monitor/app/connection-strings, and for the second
 * https://learn.microsoft.com/azure/azure-functions/functions-app-settings#applicationinsights_authentication_string
 *
 * @throws an Error that names the setting and what was expected, never what it contains
 */
export function parseIngestion(connectionString: string, authenticationString = ''): Ingestion {
  const connection = pairs(connectionString);
  const instrumentationKey = connection.get('instrumentationkey') ?? '';
  if (!uuid.test(instrumentationKey)) {
    throw new Error('APPLICATIONINSIGHTS_CONNECTION_STRING: expected InstrumentationKey=, and after it a UUID');
  }
  const endpoint = endpointOf(connection);
  if (!URL.canParse(endpoint) || !isProtected(new URL(endpoint))) {
    throw new Error('APPLICATIONINSIGHTS_CONNECTION_STRING: expected IngestionEndpoint= to be an https URL');
  }
  const authentication = pairs(authenticationString);
  const authorization = authentication.get('authorization');
  if (authenticationString !== '' && authorization?.toLowerCase() !== 'aad') {
    throw new Error('APPLICATIONINSIGHTS_AUTHENTICATION_STRING: expected Authorization=AAD, and ClientId= beside it');
  }
  const clientId = authentication.get('clientid');
  return {
    instrumentationKey,
    trackUrl: `${endpoint.replace(/\/$/, '')}/v2.1/track`,
    ...(authorization !== undefined && {
      tokenScope: connection.get('aadaudience') ?? 'https://monitor.azure.com/.default',
    }),
    ...(clientId !== undefined && { clientId }),
  };
}

function endpointOf(connection: ReadonlyMap<string, string>): string {
  const suffix = connection.get('endpointsuffix');
  const location = connection.get('location');
  const fromSuffix = suffix && `https://${location === undefined ? '' : `${location}.`}dc.${suffix}`;
  return connection.get('ingestionendpoint') ?? fromSuffix ?? globalEndpoint;
}

/** Plain HTTP is for a collector on this machine, and for nothing else. */
function isProtected(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback.includes(url.hostname));
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
