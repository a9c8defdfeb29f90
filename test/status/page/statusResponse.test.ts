import { describe, expect, it } from 'vitest';
import { negotiateStatus, statusResponse } from '../../../src/status/page/statusResponse.ts';
import { sampleReports } from '../../support/sampleReports.ts';

const report = sampleReports['one failing'];
const get = (query: string, accept?: string) => statusResponse(report, { accept, query: new URLSearchParams(query) });

describe('statusResponse', () => {
  it.each([
    [undefined, 'html'],
    ['*/*', 'html'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
    ['application/json', 'json'],
    ['application/*', 'json'],
    ['text/html;q=0.4, application/json;q=0.5', 'json'],
    ['application/json;q=0, */*', 'html'],
    ['text/html;q=0, */*;q=0.1', 'json'],
    ['image/png', undefined],
  ] as const)('answers Accept %s with %s', (accept, format) => {
    expect(negotiateStatus(accept)).toBe(format);
  });

  it('gives the report itself as JSON, and one probe of it when asked', () => {
    const all = get('', 'application/json');
    expect(all).toMatchObject({ status: 200, headers: { 'Content-Type': 'application/json', Vary: 'Accept' } });
    expect(JSON.parse(all.body)).toEqual(report);
    expect(JSON.parse(get('probe=weu-device-key', 'application/json').body)).toEqual(report.probes[1]);
  });

  it('answers an unknown probe with 404, as a page and as a problem', () => {
    expect(get('probe=gone')).toMatchObject({ status: 404, headers: { 'Content-Type': 'text/html; charset=utf-8' } });
    const problem = get('probe=gone', 'application/json');
    expect(problem).toMatchObject({ status: 404, headers: { 'Content-Type': 'application/problem+json' } });
    expect(JSON.parse(problem.body)).toEqual({
      type: 'about:blank',
      title: 'No such probe',
      status: 404,
      detail: 'No probe is called "gone".',
    });
  });

  it('answers who wants neither with 406', () => {
    expect(get('', 'image/png').status).toBe(406);
  });

  it('sends a page that may load nothing, tells nobody where it was, and is not kept', () => {
    const { headers } = get('');
    expect(headers['Content-Security-Policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    expect(headers).toMatchObject({ 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store' });
  });

  it('renews the overview by itself until told not to, and never a page that somebody reads', () => {
    expect(get('').headers.Refresh).toBe('60');
    expect(get('refresh=off').headers).not.toHaveProperty('Refresh');
    expect(get('probe=weu-device-key').headers).not.toHaveProperty('Refresh');
  });
});
