import { describe, expect, it } from 'vitest';
import { headline } from '../../../../src/status/page/overview/headline.ts';
import type { StatusReport } from '../../../../src/status/report/statusReport.ts';
import { buildOutcome } from '../../../support/buildOutcome.ts';
import { buildProbeReport, buildReport, buildStoppedProbe } from '../../../support/buildReport.ts';
import { refusedOutcome, sampleReports } from '../../../support/sampleReports.ts';

const accepted = buildStoppedProbe(buildOutcome({ probe: 'intruder', verdict: 'failing', reasons: ['let in'] }), 2);
const refused = buildStoppedProbe(refusedOutcome, 2);
const refusedAsExpected = buildProbeReport({ last: { ...refusedOutcome, verdict: 'healthy', reasons: [] } });

describe('headline', () => {
  it.each<[string, StatusReport, string, string | undefined]>([
    ['all healthy', sampleReports['all healthy'], 'Devices can provision', 'All 3 probes are healthy.'],
    ['one healthy', buildReport(), 'Devices can provision', 'The one probe is healthy.'],
    ['nothing that provisions', buildReport({ probes: [refusedAsExpected] }), 'The one probe is healthy', undefined],
    [
      'one failing',
      sampleReports['one failing'],
      'weu-device-key cannot provision: failing since 14:05 UTC (25 min)',
      '3 others are healthy.',
    ],
    [
      'let in where it was to be refused',
      buildReport({ probes: [accepted] }),
      'intruder provisions, but not as expected, since 14:25 UTC (5 min)',
      undefined,
    ],
    [
      'all of several failing, for different reasons',
      buildReport({ probes: [accepted, refused] }),
      'All 2 probes fail, the first since 14:25 UTC (5 min)',
      undefined,
    ],
    [
      'several failing',
      sampleReports['several failing'],
      '2 of 6 probes cannot provision, the first since 13:50 UTC (40 min)',
      '2 others are healthy, 1 is degraded, 1 is unknown.',
    ],
    [
      'could not look',
      sampleReports.unknown,
      'weu-fleet-ca could not be checked since 14:20 UTC (10 min)',
      '1 other is healthy.',
    ],
    ['missed', sampleReports.missed, 'weu-missed has not run since 13:55 UTC (35 min)', undefined],
    [
      'storage unreachable',
      sampleReports['storage unreachable'],
      'The history cannot be read, so this page cannot tell',
      'The probes go on, and their outcomes reach Application Insights.',
    ],
    ['no probes', sampleReports['no probes'], 'No probe is configured', undefined],
    [
      'no data yet',
      sampleReports['no data yet'],
      'No data yet',
      'The first outcome of each probe comes with the next tick of the timer. This page then shows it.',
    ],
  ])('says the worst there is to say: %s', (_title, report, text, more) => {
    const said = headline(report);
    expect(plain(said.text)).toBe(text);
    expect(said.more).toBe(more);
  });
});

function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}
