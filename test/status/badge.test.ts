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
  ])('shows the state and the availability of a month: %s', (_title, report, name, message) => {
    const { found, svg } = renderBadge(report, name);
    expect(titleOf(svg)).toBe(`${name}: ${message}`);
    expect(found).toBe(true);
  });

  it('shows that no probe has this name, for any name', () => {
    const { found, svg } = renderBadge(sampleReports['all healthy'], hostileText);
    expect(found).toBe(false);
    expect(titleOf(svg)).toContain('no such probe');
    expect(svg).not.toMatch(/<(script|img)/);
  });
});

function titleOf(svg: string): string | undefined {
  return /<title>(.*)<\/title>/.exec(svg)?.[1]?.replaceAll('\u00a0', ' ');
}
