import { type Outcome, type Verdict, verdicts } from '../outcomes/outcome.ts';
import { type EncodedHistograms, newHistograms, type PhaseHistograms } from '../outcomes/phaseHistograms.ts';
import { reasonCode } from '../outcomes/reasonCode.ts';

export type VerdictCounts = { readonly [verdict in Verdict]: number };

export interface ReasonCount {
  readonly verdict: Verdict;
  /** The reason code, such as `rejected:401002@register`. */
  readonly reason: string;
  readonly count: number;
  /** The first three, by device number. */
  readonly examples: readonly ReasonExample[];
}

export interface ReasonExample {
  readonly registrationId: string;
  readonly runId: string;
  /** The first reason of the outcome. */
  readonly text: string;
}

/**
 * The sum over the devices of a batch, or of a whole simulation. It is computed from the stored outcomes, so computing it twice gives the
 * same result.
 */
export interface BatchSummary {
  readonly devices: number;
  readonly verdicts: VerdictCounts;
  /** Devices that never started because the simulation was halted. They count in `devices`, but have no verdict and no reason. */
  readonly cancelled: number;
  readonly reasons: readonly ReasonCount[];
  /** Number of devices by assigned hub: shows how the allocation policy distributes them. */
  readonly hubs: { readonly [hub: string]: number };
  readonly histograms: EncodedHistograms;
  /** Verdicts by the second of the simulation in which the devices ended, each `[second, healthy, degraded, failing, unknown]`. */
  readonly timeline: readonly TimelineEntry[];
  /** Devices whose TLS session was resumed. */
  readonly tlsSessionsReused: number;
  /** The longest event-loop delay of a worker (99th percentile, milliseconds), which adds to the latencies. */
  readonly workerDelayMs?: number;
  /** Of the devices that ran, in milliseconds since the epoch. */
  readonly firstStartMs?: number;
  readonly lastEndMs?: number;
}

export type TimelineEntry = readonly [second: number, ...counts: number[]];

const maxExamples = 3;
const maxReasons = 20;
const maxHubs = 50;
/** Sentences are truncated so that a summary always fits into a row; counts never are. */
const maxCharacters = 1_000;
const everythingElse = 'everything else';

/** Adds one outcome at a time, so that a batch need not hold all outcomes in memory. */
export interface SummaryBuilder {
  add(outcome: Outcome): void;
  addSummary(summary: BatchSummary): void;
  readonly histograms: PhaseHistograms;
  build(): BatchSummary;
}

export function newSummary(simulationCreatedAtMs: number): SummaryBuilder {
  let devices = 0;
  let neverStarted = 0;
  let tlsSessionsReused = 0;
  let workerDelayMs: number | undefined;
  let firstStartMs: number | undefined;
  let lastEndMs: number | undefined;
  const counts = new Map<Verdict, number>();
  const reasons = new Map<string, ReasonCount>();
  const hubs = new Map<string, number>();
  const timeline = new Map<number, number[]>();
  const histograms = newHistograms();

  const span = (startMs: number, endMs: number) => {
    firstStartMs = Math.min(firstStartMs ?? startMs, startMs);
    lastEndMs = Math.max(lastEndMs ?? endMs, endMs);
  };
  const addToTimeline = (second: number, by: readonly number[]) => {
    const entry = timeline.get(second) ?? verdicts.map(() => 0);
    timeline.set(
      second,
      entry.map((count, i) => count + (by[i] ?? 0)),
    );
  };
  const addReason = (added: ReasonCount) => {
    const { verdict } = added;
    const named = [...reasons.values()].filter(({ reason }) => reason !== everythingElse);
    const isKept = reasons.has(`${verdict} ${added.reason}`) || named.length < maxReasons;
    const reason = isKept ? added.reason : everythingElse;
    const key = `${verdict} ${reason}`;
    const before = reasons.get(key);
    reasons.set(key, {
      verdict,
      reason,
      count: (before?.count ?? 0) + added.count,
      examples: [...(before?.examples ?? []), ...added.examples].slice(0, maxExamples),
    });
  };
  const addHub = (hub: string, count: number) => {
    increase(hubs, hubs.has(hub) || hubs.size < maxHubs ? hub : everythingElse, count);
  };

  return {
    histograms,
    add(outcome) {
      const { verdict, result } = outcome;
      const startMs = Date.parse(outcome.startedAt);
      const endMs = startMs + outcome.durationMs;
      devices += 1;
      if (wasNeverStarted(outcome)) {
        neverStarted += 1;
        return;
      }
      increase(counts, verdict, 1);
      addToTimeline(
        Math.max(0, Math.floor((endMs - simulationCreatedAtMs) / 1000)),
        verdicts.map((each) => (each === verdict ? 1 : 0)),
      );
      if (verdict !== 'healthy')
        addReason({ verdict, reason: reasonCode(outcome), count: 1, examples: [exampleOf(outcome)] });
      if (result.kind === 'notRun') return;
      if (outcome.server?.tlsSessionReused) tlsSessionsReused += 1;
      span(startMs, endMs);
      histograms.record({ ...outcome.phases, total: outcome.durationMs });
      if ('assignedHub' in result) addHub(result.assignedHub, 1);
    },
    addSummary(summary) {
      devices += summary.devices;
      neverStarted += summary.cancelled;
      tlsSessionsReused += summary.tlsSessionsReused;
      if (summary.workerDelayMs !== undefined) workerDelayMs = Math.max(workerDelayMs ?? 0, summary.workerDelayMs);
      for (const verdict of verdicts) increase(counts, verdict, summary.verdicts[verdict]);
      for (const reason of summary.reasons) addReason(reason);
      for (const [hub, count] of Object.entries(summary.hubs)) addHub(hub, count);
      histograms.addEncoded(summary.histograms);
      for (const [second, ...by] of summary.timeline) addToTimeline(second, by);
      if (summary.firstStartMs !== undefined && summary.lastEndMs !== undefined) {
        span(summary.firstStartMs, summary.lastEndMs);
      }
    },
    build: () => ({
      devices,
      verdicts: {
        healthy: counts.get('healthy') ?? 0,
        degraded: counts.get('degraded') ?? 0,
        failing: counts.get('failing') ?? 0,
        unknown: counts.get('unknown') ?? 0,
      },
      cancelled: neverStarted,
      reasons: [...reasons.values()].sort((a, b) => b.count - a.count),
      hubs: Object.fromEntries([...hubs].sort()),
      histograms: histograms.encode(),
      tlsSessionsReused,
      ...(workerDelayMs !== undefined && { workerDelayMs }),
      timeline: [...timeline].sort(([a], [b]) => a - b).map(([second, by]) => [second, ...by] as const),
      ...(firstStartMs !== undefined && { firstStartMs }),
      ...(lastEndMs !== undefined && { lastEndMs }),
    }),
  };
}

/** True when the simulation was halted before the device started. */
function wasNeverStarted({ result, durationMs }: Outcome): boolean {
  return result.kind === 'notRun' && (result.cause === 'cancelled' || result.cause === 'expired') && durationMs === 0;
}

function exampleOf({ registrationId, runId, reasons }: Outcome): ReasonExample {
  return { registrationId, runId, text: (reasons[0] ?? '').slice(0, maxCharacters) };
}

function increase<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
