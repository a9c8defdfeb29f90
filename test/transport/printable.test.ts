import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson } from '../../src/transport/printable.ts';

describe('text from outside', () => {
  it.each([
    ['a sentence', 'Custom allocation failed: 400', 'Custom allocation failed: 400'],
    ['another script', 'ключ 鍵 مفتاح', 'ключ 鍵 مفتاح'],
    ['an emoji that is joined of several', '👩‍🔧', '👩‍🔧'],
    ['line breaks', 'one\r\ntwo\u2028three\u2029four\u0085five', 'one two three four five'],
    ['C0 and C1 controls', 'a\u0000b\u001bc\u007fd\u009be', 'a\ufffdb\ufffdc\ufffdd\ufffde'],
    ['bidi controls', 'a\u202eb\u2066c\u200fd\u061ce', 'a\ufffdb\ufffdc\ufffdd\ufffde'],
    ['invisible characters', 'a\u200bb\ufeffc\u00add', 'a\ufffdb\ufffdc\ufffdd'],
    ['lone surrogates', 'a\ud800b\udfffc', 'a\ufffdb\ufffdc'],
    ['noncharacters', 'a\uffffb', 'a\ufffdb'],
  ])('is well-formed and printable: %s', (_case, text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  it('is cut at a character, and shows that it was', () => {
    expect(printable('x'.repeat(500))).toBe(`${'x'.repeat(399)}…`);
    expect(printable('x'.repeat(400))).toBe('x'.repeat(400));
    expect(printable(`x${'😀'.repeat(300)}`, 10)).toBe(`x${'😀'.repeat(4)}…`);
    expect(printable('😀'.repeat(300), 10)).toBe(`${'😀'.repeat(4)}…`);
  });

  it('is within its bounds, well-formed and without control characters, for any input', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5 }),
      fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)),
      fc.constantFrom('\ud83d', '\ude00', '\u202e', '\r\n', '\u2028'),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), fc.integer({ min: 1, max: 30 }), (units, max) => {
        const clean = printable(units.join(''), max);
        expect(clean.length).toBeLessThanOrEqual(max);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it('is printable in the keys and texts of JSON at any depth', () => {
    expect(printableJson({ 'k\u202e': ['\ud800', { n: 1, none: null }] })).toEqual({
      'k\ufffd': ['\ufffd', { n: 1, none: null }],
    });
  });
});
