import { type ElementNode, type MemberNode, type NumberNode, parse, type ValueNode } from '@humanwhocodes/momoa';
import * as z from 'zod/mini';

/** A position in a text; both numbers start at 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One error in the text itself. Its message never quotes the text, which may contain a secret. */
export interface JsonError extends Place {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export type ReadJson =
  | {
      readonly kind: 'read';
      /** As from `JSON.parse`: of a duplicate name, the last value. */
      readonly value: unknown;
      /** What `JSON.parse` would silently accept: duplicate names, and numbers that lose digits. */
      readonly errors: readonly JsonError[];
      /** The position of a value, or of the innermost existing value around it. */
      readonly placeOf: (path: readonly PropertyKey[]) => Place;
    }
  | ({ readonly kind: 'notJson' } & Omit<JsonError, 'path'>);

/** Deep enough for any payload. Parser, schema and serialiser are recursive, so without a limit a text could exhaust the stack. */
const maxDepth = 64;
const tooDeep = `expected at most ${maxDepth} levels of nesting`;

/** Undefined when the bytes are not UTF-8: other characters would take the place of what is not. Leaves out a byte order mark. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Reads JSON as people write it: comments, trailing commas and a byte order mark are allowed, as in editors' settings files. */
export function readJson(text: string): ReadJson {
  const source = text.replace(/^\uFEFF/, '');
  try {
    const { body } = parse(source, { mode: 'jsonc', allowTrailingCommas: true });
    const errors: JsonError[] = [];
    const value = evaluate(body, [], source, errors);
    return { kind: 'read', value, errors, placeOf: (path) => placeBelow(body, path) };
  } catch (error) {
    // The parser is recursive, and its nesting exhausted the stack.
    if (error instanceof RangeError) return { kind: 'notJson', message: tooDeep, line: 1, column: 1 };
    return { kind: 'notJson', ...problemIn(source, syntaxError.parse(error)) };
  }
}

const syntaxError = z.object({ message: z.string(), line: z.int(), column: z.int(), offset: z.int() });

/** For truncated text the parser reports the position of an earlier token. The end of the text is more helpful. */
function problemIn(source: string, { message, line, column, offset }: z.infer<typeof syntaxError>) {
  const rest = source.slice(offset).trim();
  if (!message.startsWith('Unexpected end') && !['{', '[', ',', ':'].includes(rest)) {
    return { message: `not valid JSON: unexpected token at line ${line}, column ${column}`, line, column };
  }
  if (source.trim() === '') return { message: 'not valid JSON: it is empty', line: 1, column: 1 };
  const lines = source.trimEnd().split('\n');
  const end = { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  return { message: `not valid JSON: it ends too early, at line ${end.line}, column ${end.column}`, ...end };
}

function evaluate(node: ValueNode, path: readonly PropertyKey[], source: string, errors: JsonError[]): unknown {
  if (path.length > maxDepth) {
    // One error is enough for the whole text.
    if (errors.every(({ message }) => message !== tooDeep)) errors.push({ path, message: tooDeep, ...startOf(node) });
    return null;
  }
  const report = (message: string) => errors.push({ path, message, ...startOf(node) });
  switch (node.type) {
    case 'Object':
      reportRepeated(node.members, path, errors);
      // `fromEntries` defines fields, so that "__proto__" is an ordinary one.
      return Object.fromEntries(
        node.members.map((member) => {
          const name = nameOf(member);
          return [name, evaluate(member.value, [...path, name], source, errors)];
        }),
      );
    case 'Array':
      return node.elements.map(({ value }, index) => evaluate(value, [...path, index], source, errors));
    case 'Number':
      if (isChanged(node, source)) report(numberExpected);
      return node.value;
    case 'String':
      // RFC 8259 section 7: control characters must be escaped. This parser accepts them, others do not.
      if (hasControl.test(node.value) && hasControl.test(writtenAs(node, source))) report(escapeExpected);
      return node.value;
    case 'Boolean':
      return node.value;
    default:
      return null;
  }
}

function reportRepeated(members: readonly MemberNode[], path: readonly PropertyKey[], errors: JsonError[]): void {
  const lines = new Map<string, number>();
  for (const member of members) {
    const name = nameOf(member);
    const place = startOf(member.name);
    const line = lines.get(name);
    if (line === undefined) lines.set(name, place.line);
    else errors.push({ path: [...path, name], message: `duplicate field: line ${line} already has it`, ...place });
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it matches control characters
const hasControl = /[\u0000-\u001F]/;
const escapeExpected =
  'expected no line break or other control character inside the quotes: write \\n for a line break';
export const numberExpected =
  'expected a number that JavaScript represents exactly: whole numbers up to 9007199254740991, and none above 1.8e308; write it as a string';

/** True when parsing changes the number. Rounding of fractions is expected. */
export function isChanged(node: NumberNode, source: string): boolean {
  const { value } = node;
  if (Number.isSafeInteger(value)) return false;
  if (!Number.isFinite(value)) return true;
  const written = writtenAs(node, source);
  return /^-?\d+$/.test(written) && BigInt(written) !== BigInt(value);
}

function writtenAs({ loc }: ValueNode, source: string): string {
  return source.slice(loc.start.offset, loc.end.offset);
}

function placeBelow(root: ValueNode, path: readonly PropertyKey[]): Place {
  let found: ElementNode | MemberNode | ValueNode = root;
  for (const part of path) {
    const value: ValueNode = 'value' in found && typeof found.value === 'object' ? found.value : (found as ValueNode);
    const next: MemberNode | ElementNode | undefined =
      value.type === 'Object'
        ? value.members.findLast((member) => nameOf(member) === part)
        : value.type === 'Array' && typeof part === 'number'
          ? value.elements[part]
          : undefined;
    if (next === undefined) break;
    found = next;
  }
  return startOf(found);
}

function nameOf({ name }: MemberNode): string {
  return name.type === 'String' ? name.value : name.name;
}

function startOf({ loc }: ValueNode | MemberNode | ElementNode | MemberNode['name']): Place {
  return { line: loc.start.line, column: loc.start.column };
}
