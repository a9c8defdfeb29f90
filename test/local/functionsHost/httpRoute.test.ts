import { describe, expect, it } from 'vitest';
import { parseRoute } from '../../../src/local/functionsHost/http/httpRoute.ts';

describe('parseRoute', () => {
  it.each([
    ['probes', '/api/probes', {}],
    ['probes', '/API/Probes/', {}],
    ['probes/{name}/runs', '/api/probes/weu-1/runs', { name: 'weu-1' }],
    ['probes/{name}/runs', '/api/probes/runs', undefined],
    ['badges/{name}.svg', '/api/badges/weu.svg', { name: 'weu' }],
    ['badges/{name}.svg', '/api/badges/weuXsvg', undefined],
    ['things/{id?}', '/api/things', {}],
    ['things/{id?}', '/api/things/7', { id: '7' }],
    ['things/{id:int}', '/api/things/-7', { id: '-7' }],
    ['things/{id:int}', '/api/things/seven', undefined],
    [
      'things/{id:guid}',
      '/api/things/01234567-89ab-cdef-0123-456789abcdef',
      { id: '01234567-89ab-cdef-0123-456789abcdef' },
    ],
    ['things/{id:length(3)}', '/api/things/ab', undefined],
    ['things/{id:regex(^[a-c]+$)}', '/api/things/abc', { id: 'abc' }],
    ['files/{*path}', '/api/files/a/b', { path: 'a/b' }],
    ['files/{*path}', '/api/files', {}],
    ['things/{id}', '/api/things/a%20b%2Fc', { id: 'a b%2Fc' }],
    ['things/{id}', '/api/things/%zz', { id: '%zz' }],
  ])('%s against %s gives %o', (template, path, expected) => {
    expect(parseRoute('api', template, 'f').match(path)).toEqual(expected);
  });

  it('asks the more specific route first', () => {
    const templates = ['{*rest}', 'things/{id}', 'things/first', 'things/{id:int}'];
    const sorted = templates.toSorted((a, b) =>
      parseRoute('', a, 'f').precedence.localeCompare(parseRoute('', b, 'f').precedence),
    );
    expect(sorted).toEqual(['things/first', 'things/{id:int}', 'things/{id}', '{*rest}']);
  });

  it.each([
    ['things/{id', 'has unbalanced braces in "{id"'],
    ['things/{id=4}', 'has the parameter {id=4}, which this host does not support'],
    ['things/a{id?}', 'makes {id?} optional inside a segment, which this host does not support'],
    [
      'things/{id:datetime}',
      'has the constraint datetime; this host supports int, long, bool, alpha, guid, length, minlength, maxlength and regex',
    ],
  ])('refuses %s', (template, error) => {
    expect(() => parseRoute('api', template, 'probe')).toThrow(
      `The route "${template}" of the function probe ${error}.`,
    );
  });
});
