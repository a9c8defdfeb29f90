import { createHash } from 'node:crypto';

const digestCharacters = 8;

/**
 * Where the next page of a list begins, as URL-safe text that is opaque to clients. A cursor is bound to the filter it was made with: with
 * another filter, outcomes would be skipped.
 *
 * @param filter what the list is filtered by, without the limit: the same for every page
 */
export function formatCursor(position: string, filter: unknown): string {
  return `${Buffer.from(position).toString('base64url')}.${digestOf(position, filter)}`;
}

/** Undefined when it is not a cursor for this filter. */
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
