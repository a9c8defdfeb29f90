import { HttpRequest } from '@azure/functions';
import { describe, expect, it } from 'vitest';
import { readJsonBody } from '../../src/http/jsonBody.ts';

const read = (text: string) =>
  readJsonBody(new HttpRequest({ method: 'POST', url: 'http://localhost/', body: { string: text } }));
const readBytes = (bytes: Uint8Array) =>
  readJsonBody(new HttpRequest({ method: 'POST', url: 'http://localhost/', body: { bytes } }));
const nested = (levels: number, inside = '1') => '['.repeat(levels) + inside + ']'.repeat(levels);

describe('a body', () => {
  it.each(['{}', '[]', '7', 'null', '"x"', '\ufeff{"a":1}', ` ${nested(32)} `])('%.20j is JSON', async (text) => {
    expect(await read(text)).toEqual({ kind: 'json', value: JSON.parse(text.replace('\ufeff', '')) });
  });

  it.each(['', ' ', '\r\n\t'])('%j is empty', async (text) => {
    expect(await read(text)).toEqual({ kind: 'empty' });
  });

  it.each([
    ['{"gate":', '#', /^not valid JSON: unexpected token at line 1, column \d+$/],
    ['{\n"a": 1,\n}', '#', /^not valid JSON: unexpected token at line 3, column 1$/],
    ['{"a": 1} // comment', '#', /^not valid JSON/],
    ['NaN', '#', /^not valid JSON/],
    [`{"payload": ${nested(8000)}}`, '#/payload', 'expected at most 32 levels of nesting'],
    [`{"a": ${'{"b":'.repeat(2000)}1${'}'.repeat(2000)}}`, '#/a', 'expected at most 32 levels of nesting'],
    [nested(33), '#/0', 'expected at most 32 levels of nesting'],
    [`{"payload": ${nested(8000)}, "payload": 1}`, '#', 'expected at most 32 levels of nesting'],
    ['{"payload": {"a": 1e400}}', '#/payload/a', /^expected a number that JavaScript represents exactly/],
    ['{"payload": [-1e999]}', '#/payload/0', /^expected a number that JavaScript represents exactly/],
    ['{"payload": {"serial": 9007199254740993}}', '#/payload/serial', /up to 9007199254740991, .* as a string$/],
    [`{"devices": ${'9'.repeat(9000)}}`, '#/devices', /^expected a number that JavaScript represents exactly/],
    ['\ufeff\ufeff{}', '#', /^not valid JSON: unexpected token at line 1, column 1$/],
    ['{"a": "\\ud800"}', '#/a', /half a character$/],
    ['{"a": {"\\udc00": 1}}', '#/a', /half a character$/],
    ['{"devices": 1, "devices": 100000}', '#/devices', 'expected once, got it twice'],
    ['{"expect": {"a~/b": 1, "a~\\u002fb": 1}}', '#/expect/a~0~1b', 'expected once, got it twice'],
    ['{"a": [{"b": 1, "b": 2}]}', '#/a/0/b', 'expected once, got it twice'],
    [`"${'x'.repeat(16 * 1024)}"`, '#', 'expected at most 16384 bytes, got 16386'],
  ])('%.40j is refused with its place', async (text, pointer, detail) => {
    const errors = [{ pointer, detail: typeof detail === 'string' ? detail : expect.stringMatching(detail) }];
    expect(await read(text)).toEqual({ kind: 'invalid', errors });
  });

  it.each([
    ['half a character', Buffer.from('{"payload": "a\xc3b"}', 'latin1')],
    ['an overlong form', Buffer.from('{"payload": "\xc0\xaf"}', 'latin1')],
    ['UTF-16', Buffer.from('\ufeff{"payload": 1}', 'utf16le')],
  ])('is refused with %s, because its text would be changed', async (_, bytes) => {
    const errors = [{ pointer: '#', detail: 'expected UTF-8, got bytes that are not' }];
    expect(await readBytes(bytes)).toEqual({ kind: 'invalid', errors });
  });
});
