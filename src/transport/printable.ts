/**
 * The one edge where text from outside becomes ours: well-formed, bounded and printable. Everything that a service, a certificate, a
 * vault or a caller sent passes here before it is kept, so that no log, page, table or metric has to defend itself.
 */

/** Goes into logs, pages and table rows. */
const defaultMaxCharacters = 400;

/** Line breaks, tabs and their relatives, which part words. */
const separators = /[\t-\r\u0085\u2028\u2029]+/g;
/** The other control characters, and what is invisible or turns the text's direction. Joiners of emoji and scripts stay. */
const unprintable = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Noncharacter_Code_Point}]/gu;

/** At most `maxCharacters` UTF-16 units; a longer text ends with an ellipsis, and no character is cut in two. */
export function printable(text: string, maxCharacters = defaultMaxCharacters): string {
  // What is replaced never grows, so that twice the length is enough to look at.
  const clean = text
    .slice(0, 2 * maxCharacters)
    .replace(separators, ' ')
    .toWellFormed()
    .replace(unprintable, '\ufffd');
  if (clean.length <= maxCharacters && text.length <= 2 * maxCharacters) return clean;
  return `${clean.slice(0, maxCharacters - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** A JSON value with every text and every key in it printable. */
export function printableJson(value: unknown): unknown {
  if (typeof value === 'string') return printable(value, Number.MAX_SAFE_INTEGER / 2);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(printableJson);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [printable(key), printableJson(field)]));
}
