import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { flag, limit, list, oneOf, parseQuery, queryOf, time, wholeNumber } from '../../src/http/query.ts';

const schema = z.object({
  probe: list,
  since: z.optional(time),
  verdict: z.optional(oneOf(['healthy', 'failing'])),
  gate: flag,
  limit: limit(100),
});
const parse = (search: string) => parseQuery(new URLSearchParams(search), schema);

describe('a query', () => {
  it.each([
    ['', { limit: 100 }],
    ['probe=&since=&verdict=&limit=', { limit: 100 }],
    ['probe=two', { probe: ['two'], limit: 100 }],
    ['probe=,', { limit: 100 }],
    ['probe=two,one', { probe: ['two', 'one'], limit: 100 }],
    ['limit=1&code=key&clientId=default', { limit: 1 }],
    ['limit=1000&verdict=failing&gate=true', { limit: 1000, verdict: 'failing', gate: true }],
    ['gate=false', { limit: 100, gate: false }],
    ['since=2026-11-24', { limit: 100, since: Date.UTC(2026, 10, 24) }],
    ['since=2026-11-24T01:00:00%2B01:00', { limit: 100, since: Date.UTC(2026, 10, 24) }],
  ])('%j is read', (search, query) => {
    expect(parse(search)).toEqual({ kind: 'query', query });
  });

  it.each([
    '0',
    '1001',
    '1e2',
    '0x10',
    '1000000000',
    '99999999999',
    '-5',
    '+5',
    '05',
    ' 5',
    '5 ',
    '1.5',
    '1_0',
    '٣',
    'ten',
  ])('has a limit in decimal digits from 1 to 1000, which %j is not', (text) => {
    const detail = `expected a whole number from 1 to 1000, got ${JSON.stringify(text)}`;
    const errors = [{ parameter: 'limit', detail }];
    expect(parse(`limit=${encodeURIComponent(text)}`)).toEqual({ kind: 'invalid', errors });
  });

  it.each([
    ['gate=', 'gate', 'expected true or false, got ""'],
    ['gate=TRUE', 'gate', 'expected true or false, got "TRUE"'],
    ['gate=1', 'gate', 'expected true or false, got "1"'],
    ['verdict=Failing', 'verdict', 'expected one of healthy, failing, got "Failing"'],
    ['since=yesterday', 'since', /^expected a time such as .*, got "yesterday"$/],
    ['Gate=true', 'Gate', /^unknown parameter: .*did you mean "gate"\?\)$/],
    ['gates=true', 'gates', /^unknown parameter: .*did you mean "gate"\?\)$/],
    ['verdikt=failing', 'verdikt', /did you mean "verdict"/],
    ['colour=blue', 'colour', 'unknown parameter: expected one of probe, since, verdict, gate, limit'],
    ['CODE=key', 'CODE', /^unknown parameter/],
    [`${'x'.repeat(5000)}=1`, `${'x'.repeat(63)}…`, /^unknown parameter/],
    ['\u202egate=1', '\ufffdgate', /^unknown parameter/],
    ['__proto__=1', '__proto__', /^unknown parameter/],
  ])('refuses %.40j and names the parameter', (search, parameter, detail) => {
    const errors = [{ parameter, detail: typeof detail === 'string' ? detail : expect.stringMatching(detail) }];
    expect(parse(search)).toEqual({ kind: 'invalid', errors });
  });

  it('has a whole number within bounds, which the error names', () => {
    const refresh = z.object({ refresh: z.union([z.literal('off'), wholeNumber(5, 60)]) });
    const of = (text: string) => parseQuery(new URLSearchParams({ refresh: text }), refresh);
    expect(of('off')).toMatchObject({ query: { refresh: 'off' } });
    expect(of('5')).toMatchObject({ query: { refresh: 5 } });
    for (const text of ['4', '61']) {
      expect(of(text)).toMatchObject({ errors: [{ detail: `expected a whole number from 5 to 60, got "${text}"` }] });
    }
  });

  it('has the names that the worker leaves out', () => {
    const request = { query: new URLSearchParams('limit=5'), url: 'http://localhost/api/probes?limit=5&__proto__=1' };
    expect(parseQuery(queryOf(request), schema)).toMatchObject({ errors: [{ parameter: '__proto__' }] });
  });
});
