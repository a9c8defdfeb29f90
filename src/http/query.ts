import type { HttpRequest } from '@azure/functions';
import { closestMatch } from 'leven';
import * as z from 'zod/mini';
import { type ProblemError, shown } from './problem.ts';

/** The host's own parameters: a function key as `code`, and the key's name as `clientId`. */
const hostParameters = ['code', 'clientId'];

/** `true`, `false` or left out. A typo is an error: a gate that silently stays open is worse than no gate. */
export const flag = z.optional(
  z.pipe(
    z.enum(['true', 'false'], { error: 'expected true or false' }),
    z.transform((text) => text === 'true'),
  ),
);

/** A whole number in decimal digits. */
export function wholeNumber(min: number, max: number, error = `expected a whole number from ${min} to ${max}`) {
  const digits = z.string().check(z.regex(/^[1-9]\d{0,8}$/, { error }));
  return z.pipe(digits, z.transform(Number)).check(z.refine((value) => value >= min && value <= max, { error }));
}

export function limit(defaultLimit: number, max = 1000) {
  return z
    ._default(wholeNumber(1, max), defaultLimit)
    .register(z.globalRegistry, { description: `Maximum number of items, 1 to ${max}.`, maximum: max });
}

/** Several values, separated by commas or in repeated parameters, which the host joins with commas. */
export const list = z
  .optional(z.pipe(z.string(), z.transform(partsOf)))
  .register(z.globalRegistry, { description: 'One or more, separated by commas.' });

/** Undefined: no part has a text. */
function partsOf(text: string): string[] | undefined {
  const parts = text.split(',').filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts;
}

/** ISO 8601, as milliseconds since 1970. */
export const time = z.pipe(
  z.union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'expected a time such as 2026-11-24T01:00:00Z or a date such as 2026-11-24',
  }),
  z.transform((text) => Date.parse(text)),
);

export function oneOf<const Value extends string>(values: readonly Value[]) {
  return z.enum(values, { error: `expected one of ${values.join(', ')}` });
}

export type ParsedQuery<Schema extends z.ZodMiniObject> =
  | { readonly kind: 'query'; readonly query: z.infer<Schema> }
  | { readonly kind: 'invalid'; readonly errors: readonly ProblemError[] };

/** The query as the host read it, and the names that it lost: `__proto__` is not a name for the worker. */
export function queryOf({ query, url }: Pick<HttpRequest, 'query' | 'url'>): Iterable<[string, string]> {
  const lost = [...new URL(url).searchParams].filter(([name]) => !query.has(name));
  return [...query, ...lost];
}

/**
 * Returns every error with its parameter's name. A parameter with an empty value counts as left out, so that a URL with empty filters
 * works; an empty flag is an error.
 */
export function parseQuery<Schema extends z.ZodMiniObject>(
  search: Iterable<[string, string]>,
  schema: Schema,
): ParsedQuery<Schema> {
  const given = [...search].filter(([name]) => !hostParameters.includes(name));
  const known = Object.keys(schema.shape);
  const unknown = [...new Set(given.map(([name]) => name))].filter((name) => !known.includes(name));
  const values = Object.fromEntries(given.filter(([name, value]) => value !== '' || schema.shape[name] === flag));
  const parsed = schema.safeParse(values);
  const errors = [
    ...unknown.map((name) => ({ parameter: shown(name), detail: unknownParameter(name, known) })),
    ...(parsed.error?.issues ?? [])
      .filter(({ code }) => code !== 'unrecognized_keys')
      .map(({ path, message }) => errorOf(String(path[0]), message, values)),
  ];
  return parsed.success && errors.length === 0
    ? { kind: 'query', query: parsed.data as z.infer<Schema> }
    : { kind: 'invalid', errors };
}

function unknownParameter(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'unknown parameter: expected none';
  const byCase = known.find((one) => one.toLowerCase() === name.toLowerCase());
  const meant = byCase ?? closestMatch(shown(name), known, { maxDistance: Math.max(1, Math.floor(name.length / 3)) });
  const expected = `unknown parameter: expected ${known.length === 1 ? known[0] : `one of ${known.join(', ')}`}`;
  return meant === undefined ? expected : `${expected} (did you mean ${JSON.stringify(meant)}?)`;
}

function errorOf(parameter: string, message: string, values: Readonly<Record<string, string>>): ProblemError {
  const value = values[parameter];
  return {
    parameter,
    detail: value === undefined ? `${message}, got nothing` : `${message}, got ${JSON.stringify(shown(value))}`,
  };
}
