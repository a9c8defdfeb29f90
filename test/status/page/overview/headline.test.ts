import { describe, expect, it } from 'vitest';
import { headline } from '../../../../src/status/page/overview/headline.ts';
import type { StatusReport } from '../../../../src/status/report/statusReport.ts';
import { buildOutcome } from '../../../support/buildOutcome.ts';
import { buildProbeReport, buildReport, buildStoppedProbe } from '../../../support/buildReport.ts';
import { refusedOutcome, sampleReports } from '../../../support/sampleReports.ts';

const acceptedOutcome = buildOutcome({ probe: 'intruder', verdict: 'failing', reasons: ['accepted'] });
const accepted = buildStoppedProbe(acceptedOutcome, 2, { expectedResult: 'refused' });
const wrongHub = buildStoppedProbe(buildOutcome({ probe: 'moved', verdict: 'failing', reasons: ['other hub'] }), 2);
const refused = buildStoppedProbe(refusedOutcome, 2);
const refusedAsExpected = buildProbeReport({
  expectedResult: 'refused',
  last: { ...refusedOutcome, verdict: 'healthy', reasons: [] },
});

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
      'accepted but should be refused',
      buildReport({ probes: [accepted] }),
      'intruder was accepted but should be refused, since 14:25 UTC (5 min)',
      'Treat this as a security incident.',
    ],
    [
      'accepted but should be disabled, among others that fail',
      buildReport({ probes: [refused, { ...accepted, expectedResult: 'disabled' }, buildProbeReport()] }),
      'intruder was accepted but should be disabled, since 14:25 UTC (5 min)',
      'Treat this as a security incident. 1 other is healthy, 1 is failing.',
    ],
    [
      'several accepted but should be refused',
      buildReport({ probes: [accepted, refused, { ...accepted, name: 'second' }] }),
      '2 of 3 probes were accepted but should not be, the first since 14:25 UTC (5 min)',
      'Treat this as a security incident. 1 other is failing.',
    ],
    [
      'assigned to another hub than expected',
      buildReport({ probes: [wrongHub] }),
      'moved was assigned, but not as expected, since 14:25 UTC (5 min)',
      undefined,
    ],
    [
      'all of several failing, for different reasons',
      buildReport({ probes: [wrongHub, refused] }),
      'All 2 probes are failing, the first since 14:25 UTC (5 min)',
      undefined,
    ],
    [
      'several failing',
      sampleReports['several failing'],
      '2 of 6 probes cannot provision, the first since 13:50 UTC (40 min)',
      '2 others are healthy, 1 is degraded, 1 is unknown.',
    ],
    [
      'could not run',
      sampleReports.unknown,
      'weu-fleet-ca could not be checked since 14:20 UTC (10 min)',
      '1 other is healthy.',
    ],
    ['missed', sampleReports.missed, 'weu-missed has not run since 13:55 UTC (35 min)', undefined],
    [
      'storage unreachable',
      sampleReports['storage unreachable'],
      'The history cannot be read, so this page cannot show any state',
      'The probes still run, and their outcomes still reach Application Insights and the log.',
    ],
    ['no probes', sampleReports['no probes'], 'No probe is configured', undefined],
    [
      'no data yet',
      sampleReports['no data yet'],
      'No data yet',
      'The first run of each probe is due with the next scheduled run. Its outcome appears here.',
    ],
  ])('shows the worst state first: %s', (_title, report, text, more) => {
    const said = headline(report);
    expect(plain(said.text)).toBe(text);
    expect(said.more).toBe(more);
  });
});

function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}
