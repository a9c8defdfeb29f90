/** Errors of a configuration as sentences: the path, what is expected, and what was found. Never a key. */
import { closestMatch } from 'leven';
import { z } from 'zod';

type Path = readonly PropertyKey[];

const maxShownCharacters = 60;
/** `certificate` may contain a private key by mistake. */
const secretFields: ReadonlySet<PropertyKey> = new Set(['primaryKey', 'secondaryKey', 'certificate']);

/** One sentence for each issue. `schema` is the schema of the input; typos are compared with its names. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], input: unknown, schema: z.ZodType): string[] {
  const { fields, kinds } = wordsOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((name) => `${pathOf([...issue.path, name])}: unknown field${suggestion(name, fields)}`);
    const found = valueAt(input, issue.path);
    const choices = choicesOf(issue, kinds);
    return [`${pathOf(issue.path)}: ${expectationOf(issue)}${describeFound(found, issue.path, choices)}`];
  });
}

function pathOf(path: Path): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text === '' ? 'configuration' : text.replace(/^\./, '');
}

function expectationOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${nouns[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${oneOf(issue.values.map((value) => JSON.stringify(value)))}`;
    case 'too_small':
      return `expected ${issue.origin === 'number' || issue.origin === 'int' ? 'a number of' : 'a length of'} at least ${issue.minimum}`;
    case 'too_big':
      return `expected ${issue.origin === 'number' || issue.origin === 'int' ? 'a number of' : 'a length of'} at most ${issue.maximum}`;
    default:
      return issue.message; // the rule's own message, which starts with "expected"
  }
}

/** The allowed values, if there is a fixed set. */
function choicesOf(issue: z.core.$ZodIssue, kinds: ReadonlySet<string>): ReadonlySet<string> {
  if (issue.code === 'invalid_value') return new Set(issue.values.map(String));
  return issue.path.at(-1) === 'kind' ? kinds : new Set();
}

const nouns: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function oneOf(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

function describeFound(found: unknown, path: Path, choices: ReadonlySet<string>): string {
  if (found === undefined) return ', but it is missing';
  if (typeof found !== 'string') return `, got ${typeof found === 'object' ? typeOf(found) : String(found)}`;
  if (path.some((part) => secretFields.has(part))) return `, got another text of ${found.length} characters`;
  const text = found.length > maxShownCharacters ? `${found.slice(0, maxShownCharacters)}…` : found;
  return `, got ${JSON.stringify(text)}${suggestion(found, choices)}`;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : (nouns[typeof value] ?? typeof value);
}

/** A known name that differs by at most two characters. */
function suggestion(written: string, known: ReadonlySet<string>): string {
  if (written.length > maxShownCharacters || known.has(written)) return '';
  const nearest = closestMatch(written, [...known], { maxDistance: 2 });
  return nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
}

/** Stops early at a short form, such as a fault that is only its name. */
function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return value;
    value = Object.hasOwn(value, part) ? (value as Record<PropertyKey, unknown>)[part] : absent(value, part);
  }
  return value;
}

/** `fault` may be one object in place of a list. */
function absent(value: object, part: PropertyKey): unknown {
  return part === 0 && !Array.isArray(value) ? value : undefined;
}

/** Names of fields and kinds of faults, for suggestions. */
function wordsOf(schema: unknown): { readonly fields: ReadonlySet<string>; readonly kinds: ReadonlySet<string> } {
  const fields = new Set<string>();
  const kinds = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { properties } = node as { readonly properties?: Readonly<Record<string, { readonly const?: unknown }>> };
    for (const name of Object.keys(properties ?? {})) fields.add(name);
    if (properties?.kind?.const !== undefined) kinds.add(String(properties.kind.const));
    for (const child of Object.values(node)) visit(child);
  };
  visit(schema);
  return { fields, kinds };
}
