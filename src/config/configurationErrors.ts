import { closestMatch } from 'leven';
import * as z from 'zod/mini';
import { looksLikeSecret } from './formats.ts';

/** One error in the configuration. It never quotes a configured value that could be a secret. */
export interface ConfigurationError {
  /** A setting or a file, and within JSON the path, e.g. `PROBES[3].attestation.secret`. */
  readonly path: string;
  /** What was expected there, and what was found. */
  readonly message: string;
  /** The name of the probe it is in. */
  readonly probe?: string;
  /** The file that holds the JSON. */
  readonly file?: string;
  /** Position in the JSON, starting at 1. */
  readonly line?: number;
  readonly column?: number;
}

/** One line per error, in the order of the configuration: path, message, and in brackets the line and the probe. */
export function formatErrors(errors: readonly ConfigurationError[]): string {
  return errors.map((error) => `${error.path}: ${error.message}${whereabouts(error)}`).join('\n');
}

function whereabouts({ path, message, probe, file, line }: ConfigurationError): string {
  const parts = [
    line === undefined || message.includes(` at line ${line}, `)
      ? ''
      : `${file === undefined || path.startsWith(file) ? '' : `${file} `}line ${line}`,
    probe === undefined ? '' : `probe ${probe}`,
  ].filter(Boolean);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

const missing = 'required, but missing';

/** Formulates zod's issues. Pass it to `safeParse` as `{ error: explainIssue }`. */
export const explainIssue: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return missing;
      return `expected ${expectedTypes[issue.expected] ?? issue.expected}, got ${jsonType(issue.input)}`;
    case 'invalid_value':
      return issue.input === undefined ? missing : choiceExpected(issue.values.map(String), issue.input);
    case 'too_small':
      return `expected ${issue.inclusive ? 'at least' : 'more than'} ${quantity(issue.minimum, issue.origin)}, got ${sizeOf(issue.input)}`;
    case 'too_big':
      return `expected ${issue.inclusive ? 'at most' : 'less than'} ${quantity(issue.maximum, issue.origin)}, got ${sizeOf(issue.input)}`;
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField(key, fieldsOf(issue.inst))).join('\n');
    default:
      return undefined;
  }
};

/** An error and its path. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The findings of one parse. Needs the messages of `explainIssue`. */
export function findingsOf(issues: readonly z.core.$ZodIssue[]): readonly Finding[] {
  const findings = issues.flatMap((issue): readonly Finding[] => {
    if (issue.code !== 'unrecognized_keys') return [issue];
    // zod reports in one issue what are several errors; `explainIssue` writes a line for each
    const messages = issue.message.split('\n');
    return issue.keys.map((key, index) => ({
      path: [...issue.path, key],
      message: messages[index] ?? issue.message,
    }));
  });
  // A misspelt field is one error: do not report also that the correct field is missing.
  const meant = new Set(
    findings.map(({ path, message }) => pathBelow('', [...path.slice(0, -1), meantField(message)])),
  );
  return findings.filter(({ path, message }) => message !== missing || !meant.has(pathBelow('', path)));
}

/** The errors of one parse, their paths below `root`. */
export function toErrors(issues: readonly z.core.$ZodIssue[], root: string): readonly ConfigurationError[] {
  return findingsOf(issues).map(({ path, message }) => ({ path: pathBelow(root, path), message }));
}

/** `root[3].attestation.secret`; a name that is not an identifier is quoted, and one that looks like a secret is left out. */
export function pathBelow(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = String(part);
    if (looksLikeSecret(name) || name.length > maxNameCharacters) return `${text}[…]`;
    if (/^[$A-Z_a-z][$\w-]*$/.test(name)) return text ? `${text}.${name}` : name;
    return `${text}[${JSON.stringify(name).replace(/[^ -~]/g, '?')}]`;
  }, root);
}

const maxNameCharacters = 64;

function unknownField(name: string, known: readonly string[]): string {
  const meant = closest(name, known);
  return meant === undefined
    ? `unknown field; the fields here are ${known.join(', ')}`
    : `unknown field, did you mean ${meant}?`;
}

function meantField(message: string): string {
  return /^unknown field, did you mean (\w+)\?$/.exec(message)?.[1] ?? '';
}

/** Shows the value only when it is so similar to a choice that it cannot be a secret. */
export function choiceExpected(choices: readonly string[], found: unknown): string {
  const meant = typeof found === 'string' ? closest(found, choices) : undefined;
  if (meant !== undefined)
    return `expected ${alternatives(choices)}, got ${JSON.stringify(found)} (did you mean "${meant}"?)`;
  return `expected ${alternatives(choices)}, got ${typeof found === 'string' ? 'something else' : jsonType(found)}`;
}

/** The known name that a misspelt one, or one in another case, probably means. */
export function closest(name: string, known: readonly string[]): string | undefined {
  return (
    known.find((one) => one.toLowerCase() === name.toLowerCase()) ??
    closestMatch(name, known, { maxDistance: Math.ceil(name.length / 3) })
  );
}

function fieldsOf(schema: unknown): readonly string[] {
  return schema instanceof z.ZodMiniObject ? Object.keys(schema.shape) : [];
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

function sizeOf(value: unknown): string {
  if (typeof value === 'string' || Array.isArray(value)) return String(value.length);
  return typeof value === 'number' ? String(value) : jsonType(value);
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
