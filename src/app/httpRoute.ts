import type {
  HttpFunctionOptions,
  HttpMethod,
  HttpRequest,
  HttpResponseInit,
  InvocationContext,
} from '@azure/functions';
import * as z from 'zod/mini';
import { invalidRequest, problem } from '../http/problem.ts';
import { parseQuery, queryOf } from '../http/query.ts';
import { refuseForeignSite } from '../http/refuseForeignSite.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';

/** One request with its parsed query. */
export interface Call<Query extends z.ZodMiniObject = typeof noQuery> {
  readonly request: HttpRequest;
  readonly query: z.infer<Query>;
  readonly invocation: InvocationContext;
  /** Aborts once the request has its response, so that no storage call outlives it. */
  readonly signal: AbortSignal;
}

export interface HttpRoute<Query extends z.ZodMiniObject> {
  readonly route: string;
  /** GET includes HEAD. A handler whose GET runs something must not run it when `request.method` is HEAD. */
  readonly methods: readonly Exclude<HttpMethod, 'HEAD'>[];
  readonly authLevel: 'function' | 'anonymous';
  /** Query parameters; default: none. */
  readonly query?: Query;
  /** Accept and ignore any query. */
  readonly anyQuery?: true;
  /** `storage`: limited to 9 s. `run`: limited by the probe's own deadline and the wait for another run of its device. */
  readonly limitedBy?: 'storage' | 'run';
  readonly handler: (call: Call<Query>) => Promise<HttpResponseInit>;
}

export const noQuery = z.object({});

/** A caller gets a response within 10 s. */
const storageTimeoutMs = 9_000;

export interface RegisteredRoute {
  readonly route: string;
  readonly methods: readonly string[];
  readonly query: z.ZodMiniObject;
}

const registered: RegisteredRoute[] = [];

/** Every route registered with `httpRoute` so far. */
export function registeredRoutes(): readonly RegisteredRoute[] {
  return registered;
}

/**
 * What all HTTP functions share: unknown query parameters are refused, as are requests from pages of other sites that start or cancel
 * something; HEAD works like GET, errors become problem+json, and routes that run no probe respond within 10 s.
 */
export function httpRoute<Query extends z.ZodMiniObject = typeof noQuery>(
  options: HttpRoute<Query>,
): HttpFunctionOptions {
  const { route, authLevel, handler, limitedBy = 'storage' } = options;
  const query = options.query ?? (noQuery as unknown as Query);
  const methods = options.methods.flatMap((method) => (method === 'GET' ? (['GET', 'HEAD'] as const) : [method]));
  registered.push({ route, methods, query });

  const respond = async (request: HttpRequest, invocation: InvocationContext): Promise<HttpResponseInit> => {
    const refused = ['GET', 'HEAD'].includes(request.method) ? undefined : refuseForeignSite(request);
    if (refused) return refused;
    const parsed = parseQuery(options.anyQuery ? [] : queryOf(request), query);
    if (parsed.kind === 'invalid') return invalidRequest(parsed.errors);
    const responded = new AbortController();
    const { signal } = responded;
    const call = { request, query: parsed.query, invocation, signal };
    try {
      return limitedBy === 'run' ? await handler(call) : await within(storageTimeoutMs, handler(call));
    } catch (error) {
      return failed(error, invocation);
    } finally {
      responded.abort();
    }
  };
  return {
    route,
    methods,
    authLevel,
    handler: async (request, invocation) => {
      const response = await respond(request, invocation);
      if (request.method !== 'HEAD') return response;
      const { body: _, ...head } = response;
      return head;
    },
  };
}

class NoResponse extends Error {
  override readonly name = 'TimeoutError';
}

async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoResponse()), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Errors of the storage clients and of aborted signals, by name: `instanceof` would load the clients. */
const storageErrors = ['RestError', 'AbortError', 'TimeoutError', 'NotStorageError', 'UnreadableRowError'];

function failed(error: unknown, invocation: InvocationContext): HttpResponseInit {
  if (error instanceof Error && storageErrors.includes(error.name)) {
    const detail = describeStorageError(error);
    invocation.warn(`503: ${detail}`);
    return problem({ status: 503, title: 'Storage cannot be used', detail });
  }
  invocation.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return problem({
    status: 500,
    title: 'Unexpected error',
    detail: `Look up invocation ${invocation.invocationId} in the log of the app.`,
  });
}
