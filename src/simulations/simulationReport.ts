import type { Percentiles } from '../outcomes/phaseHistograms.ts';
import {
  type BatchSummary,
  newSummary,
  type ReasonCount,
  type TimelineEntry,
  type VerdictCounts,
} from './batchSummary.ts';

/** What the devices that have ended come to: part of the progress resource, and the result when all have. */
export interface SimulationReport {
  /** Devices with an outcome: how many the figures below are about. */
  readonly done: number;
  readonly verdicts: VerdictCounts;
  readonly reasons: readonly ReasonCount[];
  readonly hubs: { readonly [hub: string]: number };
  /** Milliseconds by phase, over the devices that ran. */
  readonly percentiles: Percentiles;
  readonly tlsSessionsReused: number;
  /** Above some tens of milliseconds our own workers were the bottleneck, and latencies say as much about them as about the service. */
  readonly workerDelayMs?: number;
  /** Over the time from the first start to the last end of the devices that ran. */
  readonly devicesPerSecond?: number;
  /** Verdicts over time, at most 60 entries of equal width, each `[second, healthy, degraded, failing, unknown]`. */
  readonly timeline: readonly TimelineEntry[];
  readonly timelineStepSeconds: number;
}

const timelineEntries = 60;

/** The sum over batches; batches that have not ended count with nothing. */
export async function reportOf(
  summaries: AsyncIterable<{ readonly summary: BatchSummary }> | Iterable<{ readonly summary: BatchSummary }>,
  simulationCreatedAtMs: number,
): Promise<SimulationReport> {
  const sum = newSummary(simulationCreatedAtMs);
  for await (const { summary } of summaries) sum.addSummary(summary);
  const { devices, verdicts, reasons, hubs, timeline, tlsSessionsReused, workerDelayMs, firstStartMs, lastEndMs } =
    sum.build();
  const percentiles = sum.histograms.percentiles();
  const ran = percentiles.total?.count ?? 0;
  const seconds = ((lastEndMs ?? 0) - (firstStartMs ?? 0)) / 1000;
  return {
    done: devices,
    verdicts,
    reasons,
    hubs,
    percentiles,
    tlsSessionsReused,
    ...(workerDelayMs !== undefined && { workerDelayMs }),
    ...(ran > 0 && seconds > 0 && { devicesPerSecond: Math.round((ran / seconds) * 100) / 100 }),
    ...coarser(timeline),
  };
}

function coarser(timeline: readonly TimelineEntry[]): Pick<SimulationReport, 'timeline' | 'timelineStepSeconds'> {
  const lastSecond = timeline.at(-1)?.[0] ?? 0;
  const timelineStepSeconds = Math.max(1, Math.ceil((lastSecond + 1) / timelineEntries));
  const steps = new Map<number, number[]>();
  for (const [second, ...counts] of timeline) {
    const start = Math.floor(second / timelineStepSeconds) * timelineStepSeconds;
    const before = steps.get(start);
    steps.set(start, before ? before.map((count, i) => count + (counts[i] ?? 0)) : counts);
  }
  return { timeline: [...steps].map(([second, counts]) => [second, ...counts] as const), timelineStepSeconds };
}
