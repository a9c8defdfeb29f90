import type { HttpRequest } from '@azure/functions';
import { type AnyNode, parse } from '@humanwhocodes/momoa';
import { decodeUtf8, isChanged, numberExpected } from '../config/readJson.ts';
import { type ProblemError, pointerTo } from './problem.ts';

export type JsonBody =
  | { readonly kind: 'json'; readonly value: unknown }
  /** No body, or only white space. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'invalid'; readonly errors: readonly ProblemError[] };

const maxBytes = 16 * 1024;
const maxDepth = 32;

/**
 * Reads a body as strict JSON (RFC 8259) in UTF-8. Size and depth are limited, so that later readers of the value cannot overflow. What
 * parsing would silently change is an error.
 */
export async function readJsonBody(request: HttpRequest): Promise<JsonBody> {
  const bytes = Buffer.from(await request.arrayBuffer());
  if (bytes.length > maxBytes) {
    return invalid({ pointer: '#', detail: `expected at most ${maxBytes} bytes, got ${bytes.length}` });
  }
  // The decoder leaves out a byte order mark, which section 8.1 allows a reader to ignore.
  const text = decodeUtf8(bytes);
  if (text === undefined) return invalid({ pointer: '#', detail: 'expected UTF-8, got bytes that are not' });
  if (text.trim() === '') return { kind: 'empty' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid({ pointer: '#', detail: `not valid JSON${placeOfError(text)}` });
  }
  const errors = boundsErrors(value);
  if (errors.length > 0) return { kind: 'invalid', errors };
  const lossy = lossyParts(text);
  return lossy.length > 0 ? { kind: 'invalid', errors: lossy } : { kind: 'json', value };
}

function invalid(error: ProblemError): JsonBody {
  return { kind: 'invalid', errors: [error] };
}

/** The messages of JSON.parse often lack the position, and quote the text. */
function placeOfError(text: string): string {
  try {
    parse(text, { mode: 'json' });
    return '';
  } catch (error) {
    const place = error instanceof Object && 'line' in error && 'column' in error ? error : undefined;
    return place ? `: unexpected token at line ${place.line}, column ${place.column}` : '';
  }
}

/** Not recursive, because the depth is not known to be safe yet. */
function boundsErrors(root: unknown): readonly ProblemError[] {
  const errors: ProblemError[] = [];
  const open: { readonly value: unknown; readonly field: readonly PropertyKey[] }[] = [{ value: root, field: [] }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, field } = next;
    const detail = boundsError(value, field.length);
    if (detail !== undefined) {
      const at = pointerTo(field.length > maxDepth ? field.slice(0, 1) : field);
      if (!errors.some((error) => 'pointer' in error && error.pointer === at)) errors.push({ pointer: at, detail });
      continue;
    }
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, member] of Object.entries(value)) open.push({ value: member, field: [...field, name] });
  }
  return errors;
}

function boundsError(value: unknown, depth: number): string | undefined {
  if (depth > maxDepth) return `expected at most ${maxDepth} levels of nesting`;
  if (typeof value === 'string' && !value.isWellFormed()) return 'expected well-formed Unicode, got half a character';
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.keys(value).every((name) => name.isWellFormed())
    ? undefined
    : 'expected well-formed Unicode in its names, got half a character';
}

/**
 * Of two members with the same name JSON.parse uses the last, and other parsers the first (RFC 8259 section 4). A number that a double
 * cannot hold becomes another one (section 6).
 */
function lossyParts(text: string): readonly ProblemError[] {
  const errors: ProblemError[] = [];
  const visit = (node: AnyNode, field: readonly PropertyKey[]): void => {
    if (node.type === 'Array') {
      for (const [index, element] of node.elements.entries()) visit(element.value, [...field, index]);
    }
    if (node.type === 'Number' && isChanged(node, text))
      errors.push({ pointer: pointerTo(field), detail: numberExpected });
    if (node.type !== 'Object') return;
    const seen = new Set<string>();
    for (const member of node.members) {
      const name = member.name.type === 'String' ? member.name.value : member.name.name;
      if (seen.has(name)) errors.push({ pointer: pointerTo([...field, name]), detail: 'expected once, got it twice' });
      seen.add(name);
      visit(member.value, [...field, name]);
    }
  };
  try {
    visit(parse(text, { mode: 'json' }).body, []);
  } catch (error) {
    // A member that a later one of the same name replaced may be nested deeper than the value that was checked.
    if (!(error instanceof RangeError)) throw error;
    errors.push({ pointer: '#', detail: `expected at most ${maxDepth} levels of nesting` });
  }
  return errors;
}
