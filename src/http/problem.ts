import type { HttpResponseInit } from '@azure/functions';
import { printable } from '../transport/printable.ts';

/** What is wrong with a request, as in RFC 9457. */
export interface Problem {
  readonly status: 400 | 403 | 404 | 405 | 406 | 409 | 422 | 500 | 503;
  readonly title: string;
  readonly detail?: string;
  /** Every error and its position (an extension member, as in the example of RFC 9457 section 3). */
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
      /** Name of the application setting, and the path within its JSON. */
      readonly setting: string;
    }
);

/** `headers` are added to the default ones. */
export function problem(problem: Problem, headers: Readonly<Record<string, string>> = {}): HttpResponseInit {
  return {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    // "about:blank" (section 4.2.1): the problem has no other meaning than its status.
    body: JSON.stringify({ type: 'about:blank', ...problem }),
  };
}

/** 400 with every error: of the query, or of the body and the headers. */
export function invalidRequest(errors: readonly ProblemError[]): HttpResponseInit {
  const isQuery = errors.every((error) => 'parameter' in error);
  const detail = errors.map((error) => `${placeOf(error)}: ${error.detail}`).join('; ');
  return problem({ status: 400, title: `The ${isQuery ? 'query' : 'request'} is not valid`, detail, errors });
}

function placeOf(error: ProblemError): string {
  if ('pointer' in error) return error.pointer;
  if ('parameter' in error) return error.parameter;
  return 'header' in error ? error.header : error.setting;
}

/** `field` is the path of the value in the body; its parts are not escaped yet. */
export function pointerTo(field: readonly PropertyKey[]): string {
  const parts = field.map((part) =>
    String(part).slice(0, maxNameCharacters).replaceAll('~', '~0').replaceAll('/', '~1'),
  );
  return ['#', ...parts.map((part) => encodeURIComponent(part.toWellFormed()))].join('/');
}

/** The caller chooses the names in a body, so the response truncates long ones. */
const maxNameCharacters = 64;

export function json(body: unknown, init: HttpResponseInit = {}): HttpResponseInit {
  return {
    ...init,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...init.headers },
    body: JSON.stringify(body),
  };
}

const maxShownCharacters = 64;

/** Text of a request, as far as an error may quote it. */
export function shown(text: string): string {
  return printable(text, maxShownCharacters);
}
