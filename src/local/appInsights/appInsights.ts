/**
 * Stands in for the ingestion endpoint of Application Insights, as its SDKs use it: HTTPS, `POST /v2.1/track` and `/v2/track`, with or
 * without gzip, with an instrumentation key or a token of Entra ID.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { listen } from '../listen.ts';
import type { CheckToken } from '../managedIdentity/accessTokens.ts';
import { type Envelope, faultOf, parseEnvelopes } from './envelopes.ts';

/** badRequest: 400. throttled: 429. unavailable: 500. partial: 206, the last envelope is not accepted. silent: never responds. */
export const appInsightsFaults = ['badRequest', 'throttled', 'unavailable', 'partial', 'silent'] as const;
export type AppInsightsFault = (typeof appInsightsFaults)[number];

export interface AppInsightsOptions {
  /** PEM. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** If given, a token is required, as by a component with local authentication disabled. */
  readonly checkToken?: CheckToken;
  /** Default: a free port. */
  readonly port?: number;
}

export interface IngestionRequest {
  readonly path: string;
  readonly gzip: boolean;
  readonly withToken: boolean;
  /** Undefined: no response was sent. */
  readonly status: number | undefined;
  readonly received: number;
}

export interface AppInsights {
  /** For `APPLICATIONINSIGHTS_CONNECTION_STRING`. */
  readonly connectionString: string;
  /** Every accepted envelope, oldest first. */
  readonly envelopes: readonly Envelope[];
  /** Every request so far, oldest first. */
  readonly requests: readonly IngestionRequest[];
  /** The next availability result; waits until there is one. */
  nextAvailability(): Promise<Envelope>;
  /** Applies until the next call. `undefined` removes the fault. */
  setFault(fault: AppInsightsFault | undefined): void;
  close(): Promise<void>;
}

const audience = 'https://monitor.azure.com';
const paths = ['/v2.1/track', '/v2/track'];

export async function startAppInsights(options: AppInsightsOptions): Promise<AppInsights> {
  const instrumentationKey = randomUUID();
  const envelopes: Envelope[] = [];
  const requests: IngestionRequest[] = [];
  const waiting: ((envelope: Envelope) => void)[] = [];
  const unread: Envelope[] = [];
  let fault: AppInsightsFault | undefined;

  const server = createServer(options.certificate, (request, response) => {
    void buffer(request).then(
      (body) => handle(request, response, body),
      () => response.destroy(),
    );
  });
  const { port, close } = await listen(server, 'The Application Insights stand-in', options.port);

  function handle(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const path = new URL(request.url ?? '/', 'https://localhost').pathname;
    const gzip = request.headers['content-encoding'] === 'gzip';
    const withToken = request.headers.authorization !== undefined;
    const items = envelopesIn(body, gzip);
    const record = (status?: number) => requests.push({ path, gzip, withToken, status, received: items.length });
    if (fault === 'silent') {
      record();
      return;
    }
    const { status, errors } = judge(request, path, items);
    record(status);
    if (status === 200 || status === 206) {
      const refused = new Set(errors.map((error) => error.index));
      for (const item of items.filter((_, index) => !refused.has(index))) {
        take(item as Envelope); // checked by the function above
      }
    }
    response.writeHead(status, {
      'Content-Type': 'application/json; charset=utf-8',
      ...(status === 429 && { 'Retry-After': '10' }),
      ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
    });
    const itemsAccepted = status === 200 || status === 206 ? items.length - errors.length : 0;
    response.end(JSON.stringify({ itemsReceived: items.length, itemsAccepted, errors }));
  }

  /** 200: all were accepted. 206: some were. Otherwise none was, and the status is that of the first error. */
  function judge(request: IncomingMessage, path: string, items: readonly unknown[]) {
    if (request.method !== 'POST' || !paths.includes(path)) {
      return { status: 404, errors: [] };
    }
    if (!authorized(request)) {
      return { status: 401, errors: [] };
    }
    const errors = items.flatMap((item, index) => {
      const invalid = faultOf(item, instrumentationKey);
      const statusCode = invalid === undefined ? injectedStatus(index === items.length - 1) : 400;
      return statusCode === undefined ? [] : [{ index, statusCode, message: invalid ?? `The fault ${fault}.` }];
    });
    if (errors.length === 0) {
      return { status: items.length === 0 ? 400 : 200, errors };
    }
    const partial = errors.length < items.length || fault === 'partial';
    return { status: partial ? 206 : (errors[0]?.statusCode ?? 400), errors };
  }

  function injectedStatus(last: boolean): number | undefined {
    switch (fault) {
      case 'badRequest':
        return 400;
      case 'throttled':
        return 429;
      case 'unavailable':
        return 500;
      case 'partial':
        return last ? 500 : undefined;
      default:
        return undefined;
    }
  }

  function authorized({ headers }: IncomingMessage): boolean {
    if (options.checkToken === undefined) {
      return true;
    }
    const [, token] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
    return token !== undefined && options.checkToken(token, audience) === undefined;
  }

  function take(envelope: Envelope): void {
    envelopes.push(envelope);
    if (envelope.data.baseType === 'AvailabilityData') {
      const deliver = waiting.shift() ?? ((late: Envelope) => void unread.push(late));
      deliver(envelope);
    }
  }

  return {
    connectionString: `InstrumentationKey=${instrumentationKey};IngestionEndpoint=https://localhost:${port}/`,
    envelopes,
    requests,
    nextAvailability() {
      const next = unread.shift();
      return next === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(next);
    },
    setFault: (next) => {
      fault = next;
    },
    close,
  };
}

/** Empty when it is neither gzip nor JSON. */
function envelopesIn(body: Buffer, gzip: boolean): readonly unknown[] {
  try {
    return parseEnvelopes((gzip ? gunzipSync(body) : body).toString('utf8'));
  } catch {
    return [];
  }
}
