import { describe, expect, it } from 'vitest';
import { negotiateFormat, pageResponse } from '../../src/http/pageResponse.ts';
import { renderStatusPage } from '../../src/status/page/overview/statusPage.ts';
import { type PageContext, publicPage } from '../../src/status/page/pageContext.ts';
import { renderProbePage } from '../../src/status/page/probe/probePage.ts';
import { sampleReports } from '../support/sampleReports.ts';

const report = sampleReports['one failing'];

describe('negotiateFormat', () => {
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
  ] as const)('responds to Accept %s with %s', (accept, format) => {
    expect(negotiateFormat(accept)).toBe(format);
  });
});

describe('pageResponse', () => {
  it('sends a page that may load nothing, sends no referrer, and is not cached', () => {
    const headers = pageResponse(renderStatusPage(report)).headers as Record<string, string>;
    expect(headers['Content-Security-Policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    expect(headers).toMatchObject({ 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store', Vary: 'Accept' });
  });

  it('allows forms only to its own site if the URL contains the key', () => {
    const policyFor = (access: PageContext['access']) => {
      const { headers } = pageResponse(renderStatusPage(report, { context: { access, code: 'key' } }));
      return (headers as Record<string, string>)['Content-Security-Policy'];
    };
    expect(policyFor('run')).toContain("form-action 'self';");
    expect(policyFor('read')).toContain("form-action 'none';");
    expect(policyFor('public')).toContain("form-action 'none';");
  });

  it('reloads the overview until it is paused, and no other page', () => {
    expect(pageResponse(renderStatusPage(report)).headers).toMatchObject({ Refresh: '60' });
    expect(
      pageResponse(renderStatusPage(report, { context: { ...publicPage, refresh: 'off' } })).headers,
    ).not.toHaveProperty('Refresh');
    expect(pageResponse(renderProbePage(report, 'weu-device-key')).headers).not.toHaveProperty('Refresh');
  });

  it('responds 404 with a page for a probe that does not exist', () => {
    expect(pageResponse(renderProbePage(report, 'gone'))).toMatchObject({
      status: 404,
      body: expect.stringContaining('No probe is named gone'),
    });
    expect(pageResponse(renderProbePage(report, 'weu-device-key')).status).toBe(200);
  });
});
