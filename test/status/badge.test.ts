import { describe, expect, it } from 'vitest';
import { renderBadge } from '../../src/status/badge.ts';
import type { StatusReport } from '../../src/status/report/statusReport.ts';
import { hostileText } from '../support/hostileReport.ts';
import { sampleReports } from '../support/sampleReports.ts';

describe('A badge', () => {
  it.each<[string, StatusReport, string, string]>([
    ['healthy', sampleReports['all healthy'], 'weu-group-key', 'healthy · 99.89 % in 30 d'],
    ['failing', sampleReports['one failing'], 'weu-device-key', 'failing · 99.93 % in 30 d'],
    ['degraded', sampleReports.degraded, 'weu-slow', 'degraded · 100 % in 30 d'],
    ['unknown', sampleReports.unknown, 'weu-fleet-ca', 'unknown · 100 % in 30 d'],
    ['not run', sampleReports.missed, 'weu-missed', 'no run · 99.89 % in 30 d'],
    ['fresh', sampleReports['no data yet'], 'weu-group-key', 'no data yet'],
    ['unreadable', sampleReports['storage unreachable'], 'weu-group-key', 'unknown'],
  ])('says verdict and month: %s', (_title, report, name, message) => {
    const { status, headers, body } = renderBadge(report, name);
    expect(titleOf(body)).toBe(`${name}: ${message}`);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'Content-Type': 'image/svg+xml; charset=utf-8',
      'Cache-Control': 'max-age=60, must-revalidate',
    });
  });

  it('says of a name that no probe has that there is none, whatever the name', () => {
    const { status, body } = renderBadge(sampleReports['all healthy'], hostileText);
    expect(status).toBe(404);
    expect(titleOf(body)).toContain('no such probe');
    expect(body).not.toMatch(/<(script|img)/);
  });
});

function titleOf(svg: string): string | undefined {
  return /<title>(.*)<\/title>/.exec(svg)?.[1]?.replaceAll('\u00a0', ' ');
}
