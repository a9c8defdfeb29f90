import type { Position } from './outcomeKeys.ts';

/** The last outcome of a page, as text that goes into a URL unchanged. What is in it is nobody's business but ours. */
export function formatCursor({ key, probe }: Position): string {
  return Buffer.from(`${key}/${probe}`).toString('base64url');
}

/** Undefined: no text that `formatCursor` has made. */
export function parseCursor(text: string): Position | undefined {
  const decoded = Buffer.from(text, 'base64url').toString();
  const [, key, probe] = /^(\d{13}-(?:~[\w-]{43}|[\w.-]{1,128}))\/([a-z0-9][a-z0-9-]{0,62})$/.exec(decoded) ?? [];
  if (key === undefined || probe === undefined) return undefined;
  const position = { key, probe };
  // Decoding base64 forgives a lot: only the one spelling counts.
  return formatCursor(position) === text ? position : undefined;
}
