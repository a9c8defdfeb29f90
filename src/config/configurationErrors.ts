import { closestMatch } from 'leven';
import * as z from 'zod';
import { looksLikeSecret } from './secretLooking.ts';

/** One thing that is wrong with the configuration. Neither part ever repeats a configured value: it could be a secret. */
export interface ConfigurationError {
  /** Where: a setting's name, and inside of JSON the path, e.g. `PROBES[3].attestation.secret`. */
  readonly path: string;
  /** What was expected there. */
  readonly message: string;
}

/** One line per error, in the order of the configuration. */
export function formatErrors(errors: readonly ConfigurationError[]): string {
  return errors.map(({ path, message }) => `${path}: ${message}`).join('\n');
}

/** What zod found, in the words of this product. Hand it to `safeParse` as `{ error: explainIssue }`. */
export const explainIssue: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'required, but missing';
      return `expected ${expectedTypes[issue.expected] ?? issue.expected}, not ${jsonType(issue.input)}`;
    case 'invalid_value':
      if (issue.input === undefined) return 'required, but missing';
      return `expected ${alternatives(issue.values.map(String))}`;
    case 'too_small':
      return `expected ${issue.inclusive ? 'at least' : 'more than'} ${quantity(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `expected ${issue.inclusive ? 'at most' : 'less than'} ${quantity(issue.maximum, issue.origin)}`;
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField(key, fieldsOf(issue.inst))).join('\n');
    default:
      return undefined;
  }
};

/** The errors of one parse, their paths below `root`. Needs the messages of `explainIssue`. */
export function toErrors(issues: readonly z.core.$ZodIssue[], root: string): readonly ConfigurationError[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return { path: pathBelow(root, issue.path), message: issue.message };
    // zod says in one issue what are several errors; `explainIssue` writes a line for each
    const messages = issue.message.split('\n');
    return issue.keys.map((key, index) => ({
      path: pathBelow(root, [...issue.path, key]),
      message: messages[index] ?? issue.message,
    }));
  });
}

/** `root[3].attestation.secret`; a name that is no identifier is quoted, and one that looks like a secret is left out. */
function pathBelow(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = String(part);
    if (looksLikeSecret(name) || name.length > longestNameShown) return `${text}[…]`;
    if (/^[$A-Z_a-z][$\w-]*$/.test(name)) return text ? `${text}.${name}` : name;
    return `${text}[${JSON.stringify(name).replace(/[^ -~]/g, '?')}]`;
  }, root);
}

const longestNameShown = 64;

function unknownField(name: string, known: readonly string[]): string {
  const byCase = known.find((field) => field.toLowerCase() === name.toLowerCase());
  const meant = byCase ?? closestMatch(name, known, { maxDistance: Math.max(1, Math.floor(name.length / 3)) });
  return meant === undefined
    ? `unknown field; the fields here are ${known.join(', ')}`
    : `unknown field, did you mean ${meant}?`;
}

function fieldsOf(schema: unknown): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

const expectedTypes: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
};

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a fraction';
  return `a ${typeof value}`;
}

function quantity(bound: number | bigint, origin: string): string {
  if (origin === 'array') return bound === 1 ? '1 entry' : `${bound} entries`;
  if (origin === 'string') return bound === 1 ? '1 character' : `${bound} characters`;
  return String(bound);
}

/** `a`, `a or b`, `a, b or c`. */
export function alternatives(values: readonly string[]): string {
  return values.length < 2 ? values.join() : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}
