import { app, type HttpResponseInit } from '@azure/functions';
import { type Call, httpRoute, registeredRoutes } from '../app/httpRoute.ts';
import { problem } from '../http/problem.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/**
 * Requests that no other route matches: 405 for a known path with another method, 404 for the rest. The Functions host tries routes in the
 * order of their functions' names, so this function's name must be the last.
 */
export async function unknownRoute({ request }: Call): Promise<HttpResponseInit> {
  const { pathname } = new URL(request.url);
  const path = pathname.replace(/^.*?\/api\//i, '').replace(/\/$/, '');
  const known = registeredRoutes().filter(({ route }) => route !== everything);
  const allowed = known.filter(({ route }) => matches(route, path)).flatMap((each) => each.methods);
  if (allowed.length > 0) {
    const allow = [...new Set(allowed)].join(', ');
    const detail = `${request.method} is not possible here: use ${allow}.`;
    return problem({ status: 405, title: 'Method not allowed', detail }, { allow });
  }
  const routes = known.map(({ route }) => `/api/${route}`);
  return problem({
    status: 404,
    title: 'No such route',
    detail: `The routes are ${[...new Set(routes)].sort().join(', ')}.`,
  });
}

function matches(route: string, path: string): boolean {
  const pattern = route.split(/\{\w+\}/).map((literal) => literal.replaceAll('.', '\\.'));
  return new RegExp(`^${pattern.join('[^/]+')}$`, 'i').test(path);
}

const everything = '{*path}';

app.http(
  'unknownRoute',
  httpRoute({ route: everything, methods, authLevel: 'function', anyQuery: true, handler: unknownRoute }),
);
