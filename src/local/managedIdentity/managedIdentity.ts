/**
 * The endpoint from which an App Service or Functions app gets tokens of its managed identity: plain HTTP on the same machine, protected by
 * a header whose value only the app has.
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import { type AccessToken, type CheckToken, createAccessTokens } from './accessTokens.ts';

/**
 * noIdentity: no such identity is assigned to the app. silent: never responds. reset: every connection is aborted. resetSometimes: the
 * connection of every sixth request is aborted.
 */
export const managedIdentityFaults = [
  'noIdentity',
  'throttled',
  'unavailable',
  'silent',
  'reset',
  'resetSometimes',
] as const;
export type ManagedIdentityFault = (typeof managedIdentityFaults)[number];

export interface ManagedIdentityOptions {
  /** Default: a free port. */
  readonly port?: number;
  /** Of the user-assigned identity; default: a new identity. */
  readonly clientId?: string;
  /** Default 86,400, as in Azure. */
  readonly tokenLifetimeSeconds?: number;
}

export interface TokenRequest {
  readonly resource: string | undefined;
  readonly clientId: string | undefined;
  /** Undefined: no response was sent. */
  readonly status: number | undefined;
}

export interface ManagedIdentity {
  /** For `IDENTITY_ENDPOINT`. */
  readonly endpoint: string;
  /** For `IDENTITY_HEADER`. */
  readonly header: string;
  /** For `AZURE_CLIENT_ID`. */
  readonly clientId: string;
  readonly tenantId: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly TokenRequest[];
  readonly checkToken: CheckToken;
  /** Assigns another identity to the app. Returns its client id. */
  assignIdentity(): string;
  /** Issues a token without an HTTP request. */
  issueToken(resource: string): AccessToken;
  /** Applies until the next call. `undefined` removes the fault. */
  setFault(fault: ManagedIdentityFault | undefined): void;
  close(): Promise<void>;
}

export async function startManagedIdentity(options: ManagedIdentityOptions = {}): Promise<ManagedIdentity> {
  const ownClientId = options.clientId ?? randomUUID();
  const clientIds = new Set([ownClientId]);
  const tenantId = randomUUID();
  const header = randomUUID();
  const tokens = createAccessTokens(tenantId);
  const requests: TokenRequest[] = [];
  let fault: ManagedIdentityFault | undefined;

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const resource = url.searchParams.get('resource') ?? undefined;
    const clientId = url.searchParams.get('client_id') ?? undefined;
    const respond = (status: number, body: object, headers: Record<string, string> = {}) => {
      requests.push({ resource, clientId, status });
      reply(response, status, body, headers);
    };

    const isReset = fault === 'reset' || (fault === 'resetSometimes' && requests.length % 6 === 0);
    if (fault === 'silent' || isReset) {
      requests.push({ resource, clientId, status: undefined });
      if (isReset) request.socket.destroy();
    } else if (fault === 'throttled') {
      respond(429, failure(429, 'Too many requests.'), { 'Retry-After': '10' });
    } else if (fault === 'unavailable') {
      respond(503, failure(503, 'The service is unavailable.'));
    } else if (url.pathname !== '/msi/token' || request.method !== 'GET') {
      respond(404, failure(404, 'Not found.'));
    } else if (request.headers['x-identity-header'] !== header) {
      respond(401, failure(401, 'The X-IDENTITY-HEADER does not have the value of IDENTITY_HEADER.'));
    } else if (url.searchParams.get('api-version') !== '2019-08-01') {
      respond(400, failure(400, 'The api-version is not supported.'));
    } else if (resource === undefined || resource === '') {
      respond(400, failure(400, 'The parameter resource is missing.'));
    } else if (fault === 'noIdentity' || (clientId !== undefined && !clientIds.has(clientId))) {
      respond(
        400,
        failure(
          400,
          'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
        ),
      );
    } else {
      const identity = clientId ?? ownClientId;
      const token = tokens.issue(resource, identity, options.tokenLifetimeSeconds);
      respond(200, {
        access_token: token.value,
        expires_on: String(token.expiresOn),
        resource,
        token_type: 'Bearer',
        client_id: identity,
      });
    }
  });

  const { port, close } = await listen(server, 'The managed identity endpoint', options.port);
  return {
    endpoint: `http://127.0.0.1:${port}/msi/token`,
    header,
    clientId: ownClientId,
    tenantId,
    requests,
    checkToken: tokens.check,
    assignIdentity() {
      const clientId = randomUUID();
      clientIds.add(clientId);
      return clientId;
    },
    issueToken: (resource) => tokens.issue(resource, ownClientId, options.tokenLifetimeSeconds),
    setFault: (next) => {
      fault = next;
    },
    close,
  };
}

function failure(statusCode: number, message: string): object {
  return { statusCode, message, correlationId: randomUUID() };
}

function reply(response: ServerResponse, status: number, body: object, headers: Record<string, string>): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers })
    .end(JSON.stringify(body));
}
