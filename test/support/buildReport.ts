import type { Outcome, Verdict } from '../../src/outcomes/outcome.ts';
import type {
  AvailabilityWindow,
  HistoryBar,
  ProbeReport,
  StatusReport,
} from '../../src/status/report/statusReport.ts';
import { type PhaseTimes, phases } from '../../src/transport/phase.ts';
import { buildOutcome } from './buildOutcome.ts';

/** The moment that all built reports show. */
export const reportNow = '2026-11-24T14:30:12.000Z';

const fiveMinutesMs = 300_000;
const lastDue = Date.parse('2026-11-24T14:30:00.000Z');

export function buildReport(differences: Partial<StatusReport> = {}): StatusReport {
  return {
    generatedAt: reportNow,
    location: 'westeurope',
    probes: [buildProbeReport()],
    correlations: [],
    webhook: { state: 'notConfigured', setting: 'WEBHOOK_URL_SECRET' },
    timers: [{ timer: 'probes', location: 'westeurope', state: 'onTime', lastStartedAt: dueAt(0) }],
    ...differences,
  };
}

/** A healthy probe with 90 runs in the past month. Pass only the fields that the test is about. */
export function buildProbeReport(differences: Partial<ProbeReport> = {}): ProbeReport {
  const name = differences.name ?? 'weu-group-key';
  const last = buildOutcome({ probe: name, startedAt: dueAt(0) });
  return {
    name,
    location: 'westeurope',
    tags: [],
    registrationId: last.registrationId,
    idScope: '0ne00A1B2C3',
    globalDeviceEndpoint: 'global.azure-devices-provisioning.net',
    transport: 'mqtt',
    expected: 'assigned',
    expectedResult: 'assigned',
    last,
    since: '2026-11-19T03:10:00.000Z',
    firstRunAt: '2026-09-01T00:00:00.000Z',
    consecutiveFailures: 0,
    flapping: false,
    bars: buildBars(name),
    windows: {
      '24h': buildWindow({ healthy: 288 }),
      '7d': buildWindow({ healthy: 2012, failing: 3, missed: 1 }),
      '30d': buildWindow({ healthy: 8611, degraded: 12, failing: 9, unknown: 6, missed: 2 }),
    },
    failures: [],
    drifts: [],
    ...differences,
  };
}

/** A probe that ended each of its newest runs with this outcome. */
export function buildStoppedProbe(last: Outcome, runs: number, differences: Partial<ProbeReport> = {}): ProbeReport {
  const outcomes = Array.from({ length: runs }, (_, index) => ({
    ...last,
    runId: `run-${index}`,
    startedAt: dueAt(index),
  }));
  const [newest = last] = outcomes;
  return buildProbeReport({
    name: last.probe,
    last: newest,
    since: dueAt(runs - 1),
    consecutiveFailures: last.verdict === 'failing' ? runs : 0,
    bars: buildBars(last.probe, { verdict: last.verdict, runs, phases: last.phases, reason: last.reasons[0] }),
    windows: {
      '24h': buildWindow({ healthy: 288 - runs, [last.verdict]: runs }),
      '7d': buildWindow({ healthy: 2016 - runs, [last.verdict]: runs }),
      '30d': buildWindow({ healthy: 8631 - runs, [last.verdict]: runs, unknown: 7, missed: 2 }),
    },
    failures: outcomes.slice(0, 4),
    ...differences,
  });
}

export function buildWindow(counts: Partial<Record<Verdict | 'missed', number>>): AvailabilityWindow {
  const { healthy = 0, degraded = 0, failing = 0, unknown = 0, missed = 0 } = counts;
  const judged = healthy + degraded + failing;
  const shares = buildOutcome().phases;
  const percentile = (phaseMs: number) => ({ count: judged, p50: phaseMs, p95: phaseMs * 1.4, p99: phaseMs * 2.3 });
  return {
    healthy,
    degraded,
    failing,
    unknown,
    missed,
    complete: true,
    ...(judged === 0 ? {} : { availability: (healthy + degraded) / judged }),
    percentiles: {
      ...Object.fromEntries(
        phases.flatMap((phase) => (shares[phase] === undefined ? [] : [[phase, percentile(shares[phase])]])),
      ),
      total: percentile(3412),
    },
  };
}

interface BarsEnd {
  readonly verdict: HistoryBar['verdict'];
  readonly runs: number;
  readonly phases?: PhaseTimes;
  readonly reason?: string | undefined;
}

/** 90 scheduled runs, healthy except for the last ones; latencies vary, in the same way for the same name. */
export function buildBars(seed: string, end: BarsEnd = { verdict: 'healthy', runs: 0 }): readonly HistoryBar[] {
  const random = seededRandom(seed);
  const bars = Array.from({ length: 90 }, (_, index): HistoryBar => {
    const times = vary(buildOutcome().phases, random);
    const waitedMs = Math.max(0, (times.assign ?? 0) - 200);
    const run = { runId: `bar-${index}`, startedAt: dueAt(89 - index), durationMs: sum(times) };
    return { ...run, verdict: 'healthy', phases: times, waitedMs };
  });
  const { verdict, runs, phases: stopped = {}, reason } = end;
  return bars.map((bar, index) => {
    if (index < bars.length - runs) return bar;
    if (verdict === 'missed') return { startedAt: bar.startedAt, verdict, ...(reason !== undefined && { reason }) };
    const times = vary(stopped, random);
    return {
      ...bar,
      runId: `run-${bars.length - 1 - index}`,
      verdict,
      phases: times,
      durationMs: sum(times),
      ...(reason === undefined ? {} : { reason }),
    };
  });
}

/** `ago` scheduled runs before the last one. */
export function dueAt(ago: number): string {
  return new Date(lastDue - ago * fiveMinutesMs).toISOString();
}

function vary(times: PhaseTimes, random: () => number): PhaseTimes {
  const slow = random() > 0.96 ? 1.7 : 1;
  return Object.fromEntries(Object.entries(times).map(([phase, ms]) => [phase, ms * slow * (0.72 + random() * 0.55)]));
}

function sum(times: PhaseTimes): number {
  return Object.values(times).reduce((total, ms) => total + ms, 0);
}

/** mulberry32, so that screenshots of different days are the same. */
function seededRandom(seed: string): () => number {
  let state = [...seed].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 7);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
