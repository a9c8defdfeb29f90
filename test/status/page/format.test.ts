import { describe, expect, it } from 'vitest';
import { formatClock, formatDay, formatDuration, formatShare, formatSpan } from '../../../src/status/page/format.ts';

const now = '2026-11-24T14:30:12.000Z';
const plain = (text: string | undefined) => text?.replaceAll('\u00a0', ' ');

describe('Times and shares as people read them', () => {
  it.each([
    [0, '0.0 ms'],
    [9.949, '9.9 ms'],
    [9.95, '10 ms'],
    [999.4, '999 ms'],
    [999.5, '1.00 s'],
    [9_994, '9.99 s'],
    [9_995, '10.0 s'],
    [119_499, '119.5 s'],
    [119_500, '2 min 0 s'],
    [125_000, '2 min 5 s'],
  ])('%d ms is %s', (durationMs, text) => {
    expect(plain(formatDuration(durationMs))).toBe(text);
  });

  it.each([
    ['2026-11-24T14:05:59.999Z', '14:05 UTC', '24 Nov'],
    ['2026-11-23T23:59:00.000Z', '23 Nov, 23:59 UTC', '23 Nov'],
    ['2025-11-24T14:05:00.000Z', '24 Nov 2025, 14:05 UTC', '24 Nov 2025'],
    ['2026-11-24T01:30:00.000+02:00', '23 Nov, 23:30 UTC', '23 Nov'],
    ['no time', 'no time', 'no time'],
  ])('%s is %s', (iso, clock, day) => {
    expect(plain(formatClock(iso, now))).toBe(clock);
    expect(plain(formatDay(iso, now))).toBe(day);
  });

  it.each([
    ['2026-11-24T14:29:32.000Z', '40 s'],
    ['2026-11-24T14:05:00.000Z', '25 min'],
    ['2026-11-24T11:20:12.000Z', '3 h 10 min'],
    ['2026-11-24T11:30:12.000Z', '3 h'],
    ['2026-11-22T10:30:00.000Z', '2 d 4 h'],
    ['2026-11-24T14:31:00.000Z', undefined],
    ['no time', undefined],
  ])('from %s it is %s', (iso, span) => {
    expect(plain(formatSpan(iso, now))).toBe(span);
  });

  it.each([
    [1, '100 %'],
    [0.999_999, '99.99 %'],
    [0.9931, '99.31 %'],
    [0, '0.00 %'],
  ])('a share of %d is %s: a failure never disappears by rounding', (share, text) => {
    expect(plain(formatShare(share))).toBe(text);
  });
});
