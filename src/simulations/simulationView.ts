import { type Verdict, verdicts } from '../outcomes/outcome.ts';
import type { VerdictCounts } from './batchSummary.ts';
import { hasEnded, type Simulation, type SimulationState } from './simulation.ts';
import type { SimulationContext } from './simulationContext.ts';
import { reportOf, type SimulationReport } from './simulationReport.ts';
import type { BatchState } from './store/batchStore.ts';

/** The progress resource, and when all devices have their outcome, the result. CONTRACT: programs outside read it. */
export interface SimulationView extends SimulationReport {
  readonly id: string;
  readonly state: SimulationState;
  readonly reason?: string;
  /** The location that runs it. */
  readonly location: string;
  readonly probe: string;
  readonly devices: number;
  /** Devices without an outcome. */
  readonly left: number;
  readonly createdAt: string;
  readonly endedAt?: string;
  readonly expiresAt: string;
  /** While it runs: seconds until the last outcome, by the devices a second so far. */
  readonly estimatedSecondsLeft?: number;
  readonly request: Simulation['request'];
  /** What the service has said of our rate: 429 answers, the rate now, and the lowest that it was brought down to. */
  readonly pace: {
    readonly askedPerSecond: number;
    readonly ratePerSecond: number;
    readonly lowestRatePerSecond: number;
    readonly throttled: number;
  };
}

/** In the list of simulations: what a reader needs to choose one. */
export type SimulationSummary = Pick<
  SimulationView,
  'id' | 'state' | 'reason' | 'location' | 'probe' | 'devices' | 'done' | 'left' | 'verdicts' | 'createdAt' | 'endedAt'
>;

export async function summarizeSimulation(
  simulation: Simulation,
  context: SimulationContext,
): Promise<SimulationSummary> {
  const view = await viewSimulation(simulation, context);
  const { id, state, reason, location, probe, devices, done, left, verdicts, createdAt, endedAt } = view;
  return {
    ...{ id, state, location, probe, devices, done, left, verdicts, createdAt },
    ...(reason !== undefined && { reason }),
    ...(endedAt !== undefined && { endedAt }),
  };
}

/** Counts are as of now, those of batches under way included; percentiles, reasons and hubs are of the batches that are done. */
export async function viewSimulation(simulation: Simulation, context: SimulationContext): Promise<SimulationView> {
  const { id, state, reason, location, request, createdAt, endedAt, expiresAt, pace, report } = simulation;
  const present = report ?? (await reportSoFar(simulation, context));
  const left = request.devices - present.done;
  return {
    id,
    state,
    ...(reason !== undefined && { reason }),
    location,
    probe: request.probe,
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
  // In this order: a batch that ends in between is counted twice nowhere, and shows up with the next call.
  const batches = await context.batches.list(id);
  const done = new Set(batches.filter(({ state }) => state === 'done').map(({ number }) => number));
  const report = await reportOf(onlyOf(context.batches.summaries(id), done), createdAtMs);
  const verdictsNow = batches.filter(({ state }) => state !== 'done').reduce(addProgress, report.verdicts);
  const doneNow = verdicts.reduce((sum, verdict) => sum + verdictsNow[verdict], 0);
  const seconds = (Date.now() - createdAtMs) / 1000;
  return {
    ...report,
    verdicts: verdictsNow,
    done: doneNow,
    ...(doneNow > 0 && { devicesPerSecond: Math.round((doneNow / seconds) * 100) / 100 }),
  };
}

async function* onlyOf<Numbered extends { readonly number: number }>(
  summaries: AsyncIterable<Numbered>,
  numbers: ReadonlySet<number>,
): AsyncIterable<Numbered> {
  for await (const each of summaries) if (numbers.has(each.number)) yield each;
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
