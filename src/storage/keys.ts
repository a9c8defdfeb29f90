import { createHash } from 'node:crypto';

/**
 * Makes text safe for a key. Table Storage forbids `/ \ # ?` and control characters in keys and limits their length; other text is replaced
 * by its hash.
 */
export function keyText(text: string): string {
  if (/^[\w.-]{1,128}$/.test(text)) return text;
  return `~${createHash('sha256').update(text).digest('base64url')}`;
}

/** Milliseconds from 1970 to the year 2286: always 13 digits, so that text sorts like numbers. */
const latestTimeMs = 9_999_999_999_999;

/**
 * A table sorts a partition by row key, ascending. With the complement of the time, the newest row comes first and is read without a scan.
 */
export function invertedTime(timeMs: number): string {
  return String(latestTimeMs - Math.min(Math.max(timeMs, 0), latestTimeMs)).padStart(13, '0');
}
