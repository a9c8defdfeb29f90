import { Counter, Gauge, Registry } from 'prom-client';
import { type Outcome, verdicts } from '../../outcomes/outcome.ts';
import type { RunTotals } from '../../outcomes/runState.ts';
import { transcriptLine } from '../../outcomes/transcriptLine.ts';
import { probeMetrics, probeSamples, type Sample } from './probeSamples.ts';

/** Prometheus text 0.0.4, for both functions. */
export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;

export interface BuildInfo {
  readonly version: string;
  readonly location: string;
  /** Rows of the history that this app cannot read and left out lately. */
  readonly unreadableRows: number;
}

export interface ProbeTotals {
  readonly probe: string;
  readonly totals: RunTotals;
}

/** `GET /api/metrics`: the last outcome of each probe at this app's location, with the labels `probe` and `location`. */
export async function renderMetrics(
  outcomes: readonly Outcome[],
  build: BuildInfo,
  runTotals: readonly ProbeTotals[],
): Promise<string> {
  const registry = new Registry();
  new Gauge({
    name: 'dps_canary_build_info',
    help: 'Always 1: the version that runs, and its location.',
    labelNames: ['version', 'location'],
    registers: [registry],
  }).set({ version: build.version, location: build.location }, 1);
  new Gauge({
    name: 'dps_canary_unreadable_rows',
    help: 'Rows of the history that another program or version wrote, and that were left out within the last ten minutes.',
    registers: [registry],
  }).set(build.unreadableRows);
  const samples = outcomes.flatMap((outcome) =>
    probeSamples(outcome).map((sample) => ({
      ...sample,
      labels: { probe: outcome.probe, location: outcome.location, ...sample.labels },
    })),
  );
  expose(registry, samples);
  exposeTotals(registry, build.location, runTotals);
  return registry.metrics();
}

/**
 * `GET /api/probe?target=`: the metrics of one run, in Prometheus's multi-target pattern. No label names the target, because the scrape
 * configuration's relabelling adds it. With `debug` the transcript comes first, as comments.
 */
export async function renderProbe(outcome: Outcome, { debug = false } = {}): Promise<string> {
  const registry = new Registry();
  expose(registry, probeSamples(outcome));
  const metrics = await registry.metrics();
  return debug ? `${debugComments(outcome)}${metrics}` : metrics;
}

/** Creates only gauges with samples: prom-client sets a gauge without labels to 0, which was not measured. */
function expose(registry: Registry, samples: readonly Sample[]): void {
  for (const [name, ofName] of Map.groupBy(samples, (sample) => sample.metric)) {
    const labelNames = [...new Set(ofName.flatMap(({ labels }) => Object.keys(labels)))];
    const gauge = new Gauge({ name, help: probeMetrics[name], labelNames, registers: [registry] });
    for (const { labels, value } of ofName) gauge.set(labels, value);
  }
}

function exposeTotals(registry: Registry, location: string, runTotals: readonly ProbeTotals[]): void {
  if (runTotals.length === 0) return;
  const counter = new Counter({
    name: 'probe_runs_total',
    help: 'Runs since the first one, by verdict. Restarts and deletions of old outcomes do not reset it.',
    labelNames: ['probe', 'location', 'verdict'],
    registers: [registry],
  });
  for (const { probe, totals } of runTotals) {
    for (const verdict of verdicts) counter.inc({ probe, location, verdict }, totals[verdict]);
  }
}

function debugComments(outcome: Outcome): string {
  const reasons = outcome.reasons.map((reason) => reason.replace(/\p{Cc}|\p{Zl}|\p{Zp}/gu, ' '));
  const lines = [
    `run ${outcome.runId}: ${outcome.verdict}`,
    ...reasons,
    ...(outcome.transcript ?? []).map(transcriptLine),
  ];
  return lines.map((line) => `# debug: ${line}\n`).join('');
}
