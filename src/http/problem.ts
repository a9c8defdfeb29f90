import type { HttpResponseInit } from '@azure/functions';

/** RFC 9457: what went wrong with a request, for programs and for people. */
export interface Problem {
  readonly status: 400 | 401 | 403 | 404 | 405 | 406 | 409 | 413 | 415 | 422 | 500 | 503;
  readonly title: string;
  readonly detail?: string;
  /** Each fault with the field it is in (extension member, RFC 9457 section 3.2). */
  readonly faults?: readonly { readonly path: string; readonly message: string }[];
}

export function problem(problem: Problem): HttpResponseInit {
  return {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    // The type is "about:blank" (section 4.2.1): the title says the same as the status, and the detail says the rest.
    body: JSON.stringify({ type: 'about:blank', ...problem }),
  };
}

export function json(body: unknown, init: HttpResponseInit = {}): HttpResponseInit {
  return {
    ...init,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...init.headers },
    body: JSON.stringify(body),
  };
}
