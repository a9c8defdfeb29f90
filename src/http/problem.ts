import type { HttpResponseInit } from '@azure/functions';

/** RFC 9457: what went wrong with a request, for programs and for people. */
export interface Problem {
  readonly status: 400 | 403 | 404 | 405 | 406 | 409 | 422 | 500 | 503;
  readonly title: string;
  readonly detail?: string;
  /** Every error with the place it is in (extension member, after the example of RFC 9457 section 3). */
  readonly errors?: readonly ProblemError[];
}

export type ProblemError = { readonly detail: string } & (
  | {
      /** Field of the body: a JSON Pointer as a URI fragment (RFC 6901 section 6), `#` for the whole body. */
      readonly pointer: string;
    }
  | {
      /** Name of the query parameter. */
      readonly parameter: string;
    }
  | {
      /** Name of the request header. */
      readonly header: string;
    }
  | {
      /** Name of the application setting, and the path inside of its JSON. */
      readonly setting: string;
    }
);

/** `headers` come on top of the content type. */
export function problem(problem: Problem, headers: Readonly<Record<string, string>> = {}): HttpResponseInit {
  return {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    // The type is "about:blank" (section 4.2.1): the title says the same as the status, and the detail says the rest.
    body: JSON.stringify({ type: 'about:blank', ...problem }),
  };
}

/** `field` is where the value is in the body, its parts not yet escaped. */
export function pointerTo(field: readonly PropertyKey[]): string {
  const parts = field.map((part) =>
    String(part).slice(0, maxNameCharacters).replaceAll('~', '~0').replaceAll('/', '~1'),
  );
  return ['#', ...parts.map((part) => encodeURIComponent(part.toWellFormed()))].join('/');
}

/** A caller chooses the names in a body: one that is longer is cut in the response. */
const maxNameCharacters = 64;

export function json(body: unknown, init: HttpResponseInit = {}): HttpResponseInit {
  return {
    ...init,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...init.headers },
    body: JSON.stringify(body),
  };
}
