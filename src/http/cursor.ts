import { createHash } from 'node:crypto';

const digestCharacters = 8;

/**
 * Where the next page of a list begins, as text that goes into a URL unchanged, opaque to clients. It belongs to one filter: with another
 * one it would skip what the first filter had left out.
 *
 * @param filter what the list was filtered by, the same value for every page; no limit
 */
export function formatCursor(position: string, filter: unknown): string {
  return `${Buffer.from(position).toString('base64url')}.${digestOf(position, filter)}`;
}

/** Undefined where it is not a cursor of this filter. */
export function parseCursor(text: string, filter: unknown): string | undefined {
  const [encoded = ''] = text.split('.');
  const position = Buffer.from(encoded, 'base64url').toString();
  return formatCursor(position, filter) === text ? position : undefined;
}

export const foreignCursor = {
  parameter: 'cursor',
  detail: 'expected the cursor of the previous page of the same list, with the same filters',
} as const;

function digestOf(position: string, filter: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([position, filter]))
    .digest('base64url')
    .slice(0, digestCharacters);
}
