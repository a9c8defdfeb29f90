import { type Verdict, verdicts } from '../outcomes/outcome.ts';
import { type BatchSummary, newSummary, type TimelineEntry, type VerdictCounts } from './batchSummary.ts';
import { hasEnded, type Simulation, type SimulationReport, type SimulationState } from './simulation.ts';
import type { SimulationContext } from './simulationContext.ts';
import type { BatchState } from './store/batchStore.ts';

/** The progress resource; when all devices have their outcome, the result. Other programs read it, so its names are fixed. */
export interface SimulationView extends SimulationReport {
  readonly id: string;
  readonly state: SimulationState;
  readonly reason?: string;
  /** The location that runs it. */
  readonly location: string;
  readonly probe: string;
  readonly idScope: string;
  readonly devices: number;
  /** Devices without an outcome. */
  readonly left: number;
  readonly createdAt: string;
  readonly endedAt?: string;
  readonly expiresAt: string;
  /** While it runs: estimated seconds until the last outcome, from the devices per second so far. */
  readonly estimatedSecondsLeft?: number;
  readonly request: Simulation['request'];
  /** How the service limited the rate: 429 responses, the current rate, and the lowest one. */
  readonly pace: {
    readonly askedPerSecond: number;
    readonly ratePerSecond: number;
    readonly lowestRatePerSecond: number;
    readonly throttled: number;
  };
}

/** An item in the list of simulations. */
export type SimulationSummary = Pick<
  SimulationView,
  | 'id'
  | 'state'
  | 'reason'
  | 'location'
  | 'probe'
  | 'devices'
  | 'done'
  | 'left'
  | 'verdicts'
  | 'cancelled'
  | 'createdAt'
  | 'endedAt'
>;

/** The fields of a view that the list of simulations shows. */
export async function summarizeSimulation(
  simulation: Simulation,
  context: SimulationContext,
): Promise<SimulationSummary> {
  const view = await viewSimulation(simulation, context);
  const { id, state, reason, location, probe, devices, done, left, verdicts, cancelled, createdAt, endedAt } = view;
  return {
    ...{ id, state, location, probe, devices, done, left, verdicts, cancelled, createdAt },
    ...(reason !== undefined && { reason }),
    ...(endedAt !== undefined && { endedAt }),
  };
}

/** Counts include running batches; percentiles, reasons and hubs are only of finished batches. */
export async function viewSimulation(simulation: Simulation, context: SimulationContext): Promise<SimulationView> {
  const { id, state, reason, location, idScope, request, createdAt, endedAt, expiresAt, pace, report } = simulation;
  const present = report ?? (await reportSoFar(simulation, context));
  const left = request.devices - present.done;
  return {
    id,
    state,
    ...(reason !== undefined && { reason }),
    location,
    probe: request.probe,
    idScope,
    devices: request.devices,
    left,
    createdAt,
    ...(endedAt !== undefined && { endedAt }),
    expiresAt,
    ...(!hasEnded(state) && { estimatedSecondsLeft: estimate(simulation, present.done, left) }),
    request,
    pace: {
      askedPerSecond: request.ratePerSecond,
      ratePerSecond: pace.ratePerSecond,
      lowestRatePerSecond: pace.lowestRatePerSecond,
      throttled: pace.throttledInAll,
    },
    ...present,
  };
}

async function reportSoFar({ id, createdAt }: Simulation, context: SimulationContext): Promise<SimulationReport> {
  const createdAtMs = Date.parse(createdAt);
  // This order matters: a batch that ends in between is counted once, in the next call.
  const batches = (await context.batches.list(id, context.simulations.now())).map(({ batch }) => batch);
  const done = new Set(batches.filter(({ state }) => state === 'done').map(({ number }) => number));
  // Usually, no batch is done yet and there is nothing to fetch.
  const summaries = done.size === 0 ? [] : await context.batches.summaries(id);
  const ofDone = summaries.filter(({ number }) => done.has(number));
  const report = reportOf(ofDone, createdAtMs);
  const verdictsNow = batches.filter(({ state }) => state !== 'done').reduce(addProgress, report.verdicts);
  const doneNow = verdicts.reduce((sum, verdict) => sum + verdictsNow[verdict], report.cancelled);
  const seconds = (Date.now() - createdAtMs) / 1000;
  return {
    ...report,
    verdicts: verdictsNow,
    done: doneNow,
    ...(doneNow > 0 && { devicesPerSecond: Math.round((doneNow / seconds) * 100) / 100 }),
  };
}

function addProgress(sum: VerdictCounts, { progress }: BatchState): VerdictCounts {
  if (!progress) return sum;
  const of = (verdict: Verdict) => sum[verdict] + progress[verdict];
  return { healthy: of('healthy'), degraded: of('degraded'), failing: of('failing'), unknown: of('unknown') };
}

function estimate({ createdAt, pace }: Simulation, done: number, left: number): number {
  const perSecond = done > 0 ? done / ((Date.now() - Date.parse(createdAt)) / 1000) : pace.ratePerSecond;
  return Math.ceil(left / perSecond);
}

const timelineEntries = 60;

/** Sums up batches. */
export function reportOf(
  summaries: Iterable<{ readonly summary: BatchSummary }>,
  simulationCreatedAtMs: number,
): SimulationReport {
  const sum = newSummary(simulationCreatedAtMs);
  for (const { summary } of summaries) sum.addSummary(summary);
  const { devices, firstStartMs, lastEndMs, histograms: _, timeline, ...counts } = sum.build();
  const percentiles = sum.histograms.percentiles();
  const ran = percentiles.total?.count ?? 0;
  const seconds = ((lastEndMs ?? 0) - (firstStartMs ?? 0)) / 1000;
  return {
    done: devices,
    ...counts,
    percentiles,
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
