import { describe, expect, it } from 'vitest';
import { formatCursor } from '../../src/history/outcomeCursor.ts';
import { parseOutcomeQuery } from '../../src/history/outcomeQuery.ts';

const known = ['one', 'two', 'three'];
const parse = (query: string) => parseOutcomeQuery(new URLSearchParams(query), known);
const cursor = formatCursor({ key: '8235999999999-run', probe: 'one' });

describe('the query of GET /api/outcomes', () => {
  it.each([
    ['', { probes: known, limit: 100 }],
    ['probe=&since=&until=&verdict=&limit=&cursor=', { probes: known, limit: 100 }],
    ['probe=two', { probes: ['two'], limit: 100 }],
    ['probe=two,one&probe=one', { probes: ['two', 'one'], limit: 100 }],
    ['limit=1&code=key&clientId=default', { probes: known, limit: 1 }],
    ['limit=1000&verdict=unknown', { probes: known, limit: 1000, verdict: 'unknown' }],
    ['since=2026-11-24', { probes: known, limit: 100, sinceMs: Date.UTC(2026, 10, 24) }],
    ['until=2026-11-24T01:00:00%2B01:00', { probes: known, limit: 100, untilMs: Date.UTC(2026, 10, 24) }],
    [
      'since=2026-11-24&until=2026-11-24',
      { probes: known, limit: 100, sinceMs: Date.UTC(2026, 10, 24), untilMs: Date.UTC(2026, 10, 24) },
    ],
    [`cursor=${cursor}`, { probes: known, limit: 100, after: { key: '8235999999999-run', probe: 'one' } }],
  ])('reads %j', (query, expected) => {
    expect(parse(query)).toEqual({ kind: 'query', query: expected });
  });

  const limit = 'expected a whole number from 1 to 1000';
  const time = 'expected a time such as 2026-11-24T01:00:00Z or a date such as 2026-11-24';
  it.each([
    ['limit=0', [{ field: 'limit', message: limit }]],
    ['limit=1001', [{ field: 'limit', message: limit }]],
    ['limit=1e9', [{ field: 'limit', message: limit }]],
    ['limit=1000000000', [{ field: 'limit', message: limit }]],
    ['limit=-5', [{ field: 'limit', message: limit }]],
    ['limit=ten', [{ field: 'limit', message: limit }]],
    ['limit=1.5', [{ field: 'limit', message: limit }]],
    ['since=yesterday', [{ field: 'since', message: time }]],
    ['until=2026-13-40', [{ field: 'until', message: time }]],
    ['since=2026-11-25&until=2026-11-24', [{ field: 'since', message: 'expected a time that is not after until' }]],
    ['verdict=bad', [{ field: 'verdict', message: 'expected one of healthy, degraded, failing, unknown' }]],
    ['cursor=abc', [{ field: 'cursor', message: 'expected the cursor of an earlier answer, unchanged' }]],
    [
      'prob=one',
      [{ field: 'prob', message: 'unknown: expected one of probe, since, until, verdict, location, limit, cursor' }],
    ],
    [
      'limit=0&verdict=x',
      [
        { field: 'verdict', message: 'expected one of healthy, degraded, failing, unknown' },
        { field: 'limit', message: limit },
      ],
    ],
  ])('refuses %j and says which field and what was expected', (query, faults) => {
    expect(parse(query)).toEqual({ kind: 'invalid', faults });
  });

  it('names a probe that is not configured, and those that are', () => {
    expect(parse('probe=two,nine')).toEqual({
      kind: 'unknownProbe',
      probe: 'nine',
      message: 'no probe is called "nine": expected one of one, two, three',
    });
  });
});
