/**
 * The one place where text from outside is made safe: well-formed, printable and limited in length. All text from a service, a certificate,
 * a vault or a caller is converted here before it is stored, so that logs, pages, tables and metrics need no checks of their own.
 */

/** Fits logs, pages and table rows. */
const defaultMaxCharacters = 400;

/** Line breaks, tabs and similar characters that separate words. */
const separators = /[\t-\r\u0085\u2028\u2029]+/g;
/**
 * Other control characters, invisible ones, and those that change the text's direction. Joiners, which emoji and some scripts need, are
 * allowed.
 */
const unprintable = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Noncharacter_Code_Point}]/gu;

/** True of most texts: they need no replacement. */
const isPlain = /^[ -~]*$/;

/** At most `maxCharacters` UTF-16 units. A longer text ends with an ellipsis; surrogate pairs are not split. */
export function printable(text: string, maxCharacters = defaultMaxCharacters): string {
  if (text.length <= maxCharacters && isPlain.test(text)) return text;
  // Replacing never makes the text longer, so reading twice the length is enough.
  const clean = text
    .slice(0, 2 * maxCharacters)
    .replace(separators, ' ')
    .toWellFormed()
    .replace(unprintable, '\ufffd');
  if (clean.length <= maxCharacters && text.length <= 2 * maxCharacters) return clean;
  return `${clean.slice(0, maxCharacters - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** A JSON value with all its strings and keys made printable. */
export function printableJson(value: unknown): unknown {
  if (typeof value === 'string') return printable(value, Number.MAX_SAFE_INTEGER / 2);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(printableJson);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [printable(key), printableJson(field)]));
}
