import { createHash } from 'node:crypto';

/**
 * Text as part of a key. Table Storage forbids `/ \ # ?` and control characters in keys, and limits their length; what is not plain is
 * replaced by its hash.
 */
export function keyText(text: string): string {
  if (/^[\w.-]{1,128}$/.test(text)) return text;
  return `~${createHash('sha256').update(text).digest('base64url')}`;
}

/** Times are the milliseconds of a JavaScript date between 1970 and the year 2286: 13 digits, so that text sorts as the number. */
const latestTimeMs = 9_999_999_999_999;

/** A table sorts a partition by row key, upwards: the complement of a time puts the newest row first, where it is read without a scan. */
export function invertedTime(timeMs: number): string {
  return String(latestTimeMs - Math.min(Math.max(timeMs, 0), latestTimeMs)).padStart(13, '0');
}
