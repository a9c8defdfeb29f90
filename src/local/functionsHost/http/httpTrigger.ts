/** Functions with an `httpTrigger`: finds the function for a request and sends its response. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { type Environment, resolveSetting } from '../appSettings.ts';
import type { BindingInfo } from '../coreTypes.ts';
import type { InvocationResult, Trigger } from '../invocation.ts';
import { type AuthLevel, type HostKeys, isAuthorized } from './httpKeys.ts';
import { readBody, sendEmpty, sendRpcHttp, toRpcHttp } from './httpMessage.ts';
import { parseRoute, type RoutePattern } from './httpRoute.ts';

const bindingSchema = z.object({
  route: z.string().optional(),
  methods: z.array(z.string()).default(['GET', 'POST']),
  authLevel: z
    .string()
    .default('function')
    .transform((level) => level.toLowerCase())
    .pipe(z.enum(['anonymous', 'function', 'admin'])),
});

export interface HttpFunction {
  readonly name: string;
  readonly route: string;
  readonly pattern: RoutePattern;
  readonly methods: readonly string[];
  readonly authLevel: AuthLevel;
  readonly invoke: (trigger: Omit<Trigger, 'bindingName'>) => Promise<InvocationResult>;
}

/** Throws a HostError for a route that this host does not support. */
export function parseHttpTrigger(
  binding: BindingInfo,
  functionName: string,
  routePrefix: string,
  environment: Environment,
): Omit<HttpFunction, 'invoke'> {
  const { route, methods, authLevel } = bindingSchema.parse(binding);
  const template = resolveSetting(route ?? functionName, environment, functionName);
  return {
    name: functionName,
    route: [routePrefix, template].filter((part) => part !== '').join('/'),
    pattern: parseRoute(routePrefix, template, functionName),
    methods: methods.map((method) => method.toUpperCase()),
    authLevel,
  };
}

/** Calls the first function whose route and method match. Responds with its response, or with 404, 401, 413 or an empty 500. */
export async function serveHttp(
  functions: readonly HttpFunction[],
  keys: HostKeys,
  bodyLimitBytes: number,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const method = request.method ?? 'GET';
  const found = findFunction(functions, method, url.pathname);
  if (found === undefined) {
    // For a known route with another method the real host responds 404, not 405.
    sendEmpty(response, 404);
    return;
  }
  if (!isAuthorized(found.target.authLevel, request, url, keys)) {
    refuse(request, response);
    return;
  }
  const body = await readBody(request, bodyLimitBytes);
  if (body === undefined) {
    sendEmpty(response, 413, { connection: 'close' });
    return;
  }
  const result = await found.target.invoke({
    data: { http: toRpcHttp(request, url, found.params, body) },
    reason: 'This function was programmatically called via the host APIs.',
  });
  if (result.kind === 'failed') {
    sendEmpty(response, 500);
    return;
  }
  sendRpcHttp(response, result.response.returnValue);
}

/** Empty, as in the real host. A browser, which may have been redirected from `/`, gets a hint where the key is. */
function refuse(request: IncomingMessage, response: ServerResponse): void {
  if (!request.headers.accept?.includes('text/html')) {
    sendEmpty(response, 401);
    return;
  }
  response.writeHead(401, { 'content-type': 'text/plain; charset=utf-8' });
  response.end('This URL needs the function key. Open the URL of the status page that npm start printed.\n');
}

function findFunction(functions: readonly HttpFunction[], method: string, pathname: string) {
  for (const target of functions) {
    const params = target.methods.includes(method) ? target.pattern.match(pathname) : undefined;
    if (params !== undefined) return { target, params };
  }
  return undefined;
}
