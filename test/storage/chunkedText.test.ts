import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromChunks, toChunks } from '../../src/storage/chunkedText.ts';

const rowProperty = 32 * 1024;

it('is restored exactly, from properties that each fit and contain whole characters', () => {
  const piece = fc.string({ unit: 'binary', minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(piece, fc.integer({ min: 0, max: 10_000 }), (text, times) => {
      const long = text.repeat(times);
      const properties = toChunks('report', long);
      for (const part of Object.values(properties)) {
        expect(part.length).toBeLessThanOrEqual(rowProperty);
        expect(part.isWellFormed()).toBe(true);
      }
      expect(fromChunks('report', { json: '{}', ...properties })).toBe(long === '' ? undefined : long);
    }),
    { numRuns: 100 },
  );
});

it('is undefined without properties', () => {
  expect(toChunks('report', undefined)).toEqual({});
  expect(fromChunks('report', { json: '{}' })).toBeUndefined();
});

it('is refused, and not cut, if it is too long for a row', () => {
  expect(() => toChunks('report', 'x'.repeat(300_000))).toThrow('report is longer than 8 properties');
});
