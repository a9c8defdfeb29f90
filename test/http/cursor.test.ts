import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatCursor, parseCursor } from '../../src/http/cursor.ts';

it('returns the position that a cursor was made of, with the same filter only', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.string(), (position, filter, other) => {
      const cursor = formatCursor(position, { filter });
      expect(encodeURIComponent(cursor)).toBe(cursor);
      expect(parseCursor(cursor, { filter })).toBe(position);
      expect(parseCursor(cursor, { filter: `${filter}${other}x` })).toBeUndefined();
    }),
  );
});

it.each(['', 'abc', '.', 'abc.def', '../x', 'b3V0Y29tZS0w.AAAAAAAA'])(
  'does not accept %j, which it did not create',
  (text) => {
    expect(parseCursor(text, {})).toBeUndefined();
  },
);

it('reads one spelling only of what base64 would decode alike', () => {
  const cursor = formatCursor('outcome-0-0000001', {});
  for (const changed of [`${cursor}=`, `${cursor}A`, cursor.replace('.', '=.'), cursor.replace('.', '..')]) {
    expect(parseCursor(changed, {}), changed).toBeUndefined();
  }
});
