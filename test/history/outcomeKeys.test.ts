import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePositions, formatPosition, parsePosition, positionOf } from '../../src/history/outcomeKeys.ts';
import { invertedTime, keyText } from '../../src/storage/keys.ts';

const timeMs = fc.integer({ min: 0, max: 9_999_999_999_999 });
const position = fc
  .record({
    timeMs: fc.integer({ min: 0, max: 8_640_000_000_000 }),
    runId: fc.string({ unit: 'binary' }),
    probe: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
  })
  .map(({ timeMs, ...run }) => positionOf({ ...run, startedAt: new Date(timeMs).toISOString() }));

describe('row keys', () => {
  it('sort as text with the newest first', () => {
    fc.assert(
      fc.property(timeMs, timeMs, (one, other) => {
        expect(invertedTime(one) < invertedTime(other)).toBe(one > other);
      }),
    );
  });

  it('contain only characters that Table Storage accepts, for any name of the run', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(keyText(text)).toMatch(/^[\w.~-]{1,128}$/);
      }),
    );
  });

  it('distinguish runs that start in the same millisecond', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(keyText(one.toWellFormed()) === keyText(other.toWellFormed())).toBe(
          one.toWellFormed() === other.toWellFormed(),
        );
      }),
    );
  });

  it('order any three positions without contradiction', () => {
    fc.assert(
      fc.property(position, position, position, (one, two, three) => {
        expect(Math.sign(comparePositions(one, two))).toBe(-Math.sign(comparePositions(two, one)) + 0);
        if (comparePositions(one, two) <= 0 && comparePositions(two, three) <= 0) {
          expect(comparePositions(one, three)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});

describe('a cursor', () => {
  it('returns its position', () => {
    fc.assert(
      fc.property(position, (it) => {
        expect(parsePosition(formatPosition(it))).toEqual(it);
      }),
    );
  });

  it('is safe in a URL', () => {
    fc.assert(
      fc.property(position, (it) => {
        expect(encodeURIComponent(formatPosition(it))).toBe(formatPosition(it));
      }),
    );
  });

  it('is refused when it is any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parsePosition(text)).toBeUndefined();
      }),
    );
  });

  it('is refused when a character is added, lost or changed', () => {
    const cursor = formatPosition({ key: '8235999999999-run', probe: 'one' });
    for (const text of [
      `${cursor}=`,
      `${cursor} `,
      cursor.slice(1),
      `*${cursor}`,
      `${cursor.slice(0, 8)}\n${cursor.slice(8)}`,
    ]) {
      expect(parsePosition(text)).toBeUndefined();
    }
  });

  it.each([
    ["8235999999999-run/one' or PartitionKey ne 'x"],
    ["8235999999999-' or true/one"],
    ['-1-run/one'],
    ['8235999999999-run'],
    [''],
  ])('is refused when %j is packed into it by hand', (text) => {
    expect(parsePosition(Buffer.from(text).toString('base64url'))).toBeUndefined();
  });
});
