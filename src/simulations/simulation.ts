import type { Percentiles } from '../outcomes/phaseHistograms.ts';
import type { ReasonCount, TimelineEntry, VerdictCounts } from './batchSummary.ts';
import type { Pace } from './pace.ts';
import type { ResolvedRequest } from './simulationRequest.ts';

/**
 * `queued` → `running` → `finished`; `cancelling` → `cancelled` and `stopping` → `stopped` once the devices that had not started are
 * recorded as not run. The last state of each chain is final, and then every device has exactly one outcome.
 */
export type SimulationState = 'queued' | 'running' | 'cancelling' | 'stopping' | EndedState;
export type EndedState = 'finished' | 'cancelled' | 'stopped';

/** An on-demand run of N devices. Its request never changes; state, pace and report do. */
export interface Simulation {
  readonly id: string;
  /** ISO 8601, like `expiresAt` and `endedAt`. */
  readonly createdAt: string;
  /** Devices that have not started by then are recorded as not run. */
  readonly expiresAt: string;
  /** The location that started it and whose workers run it. */
  readonly location: string;
  readonly idScope: string;
  readonly request: ResolvedRequest;
  /**
   * SHA-256 of the parsed request, without defaults from the configuration: distinguishes a repeated request from another one with the same
   * Idempotency-Key.
   */
  readonly requestHash: string;
  readonly batchSize: number;
  readonly state: SimulationState;
  /** A sentence: why it was cancelled, stopped or has expired. */
  readonly reason?: string;
  /** The cause recorded for devices that will not start. */
  readonly haltCause?: HaltCause;
  readonly pace: Pace;
  readonly endedAt?: string;
  /** Set with `endedAt`. */
  readonly report?: SimulationReport;
}

export type HaltCause = 'cancelled' | 'expired';

/** The sum over the devices with an outcome: part of the progress resource, and the result when all devices have one. */
export interface SimulationReport {
  /** Devices with an outcome, which the other fields are about. */
  readonly done: number;
  readonly verdicts: VerdictCounts;
  /** Devices that never started, because the simulation was cancelled, was stopped or has expired. They have no verdict. */
  readonly cancelled: number;
  readonly reasons: readonly ReasonCount[];
  readonly hubs: { readonly [hub: string]: number };
  /** Milliseconds by phase, over the devices that ran. */
  readonly percentiles: Percentiles;
  readonly tlsSessionsReused: number;
  /** Above some tens of milliseconds the workers were overloaded, so the latencies are too high. */
  readonly workerDelayMs?: number;
  /** Over the time from the first start to the last end of the devices that ran. */
  readonly devicesPerSecond?: number;
  /** Verdicts over time, at most 60 entries of equal width, each `[second, healthy, degraded, failing, unknown]`. */
  readonly timeline: readonly TimelineEntry[];
  readonly timelineStepSeconds: number;
}

/** A slice of a simulation: the unit that is queued, claimed, retried and summarised. */
export interface Batch {
  readonly number: number;
  /** Index of its first device. */
  readonly first: number;
  readonly count: number;
}

/** 24 lower-case hexadecimal digits. */
export function isSimulationId(text: string): boolean {
  return /^[0-9a-f]{24}$/.test(text);
}

export function hasEnded(state: SimulationState): state is EndedState {
  return state === 'finished' || state === 'cancelled' || state === 'stopped';
}

/** No further device may start. */
export function isHalted(state: SimulationState): boolean {
  return state !== 'queued' && state !== 'running';
}

/** Old batches must not start hours later, when they are no longer expected. */
export function expired(simulation: Simulation, nowMs: number): Simulation {
  if (isHalted(simulation.state) || nowMs <= Date.parse(simulation.expiresAt)) return simulation;
  const reason = `Expired: not every device had started by ${simulation.expiresAt}. Check that the app's queue trigger runs, and request a higher ratePerSecond.`;
  return { ...simulation, state: 'stopping', haltCause: 'expired', reason };
}

/** Called when a device is about to start. */
export function running(simulation: Simulation): Simulation {
  return simulation.state === 'queued' ? { ...simulation, state: 'running' } : simulation;
}

/** Called when a user cancels it: no further device starts. */
export function cancelled(simulation: Simulation): Simulation {
  if (isHalted(simulation.state)) return simulation;
  return { ...simulation, state: 'cancelling', haltCause: 'cancelled', reason: 'Cancelled by request.' };
}

/** Called when the service keeps responding with 429: no further device starts. */
export function stopped(simulation: Simulation, reason: string): Simulation {
  if (isHalted(simulation.state)) return simulation;
  return { ...simulation, state: 'stopping', haltCause: 'cancelled', reason };
}

/** Called when every device has its outcome. */
export function ended(simulation: Simulation, report: SimulationReport, endedAt: string): Simulation {
  if (hasEnded(simulation.state)) return simulation;
  return { ...simulation, state: endState(simulation.state), endedAt, report };
}

function endState(state: Exclude<SimulationState, EndedState>): EndedState {
  switch (state) {
    case 'cancelling':
      return 'cancelled';
    case 'stopping':
      return 'stopped';
    case 'queued':
    case 'running':
      return 'finished';
  }
}

/** Published limit of the service: registrations per minute (https://learn.microsoft.com/azure/iot-dps/about-iot-dps#quotas-and-limits). */
const serviceRegistrationsPerMinute = 1000;
const secondsPerMinute = 60;

/** A batch needs some 15 storage transactions besides its devices' outcomes: with 250 devices, 0.06 per device. */
const minBatchSize = 250;
const maxBatchSize = 500;
/** Progress is the sum over the batches, so their number is limited for any N. */
const wantedBatches = 200;

/** Reserve for a slow service, time in the queue, and a rate lowered by 429 responses. */
const expiryFactor = 4;
const expiryGraceMs = 60 * 60_000;

/** The time that a batch needs after its last start. */
const assumedDeviceSeconds = 10;
const maxBatchesInProgress = 32;

/** Devices in one batch: 250, or more if there would be more than 200 batches. */
export function batchSizeFor(devices: number): number {
  return Math.min(maxBatchSize, Math.max(minBatchSize, Math.ceil(devices / wantedBatches)));
}

export function batchCount({ request, batchSize }: PlannedSize): number {
  return Math.ceil(request.devices / batchSize);
}

/** Batches are numbered from 0; the last one may be smaller. */
export function batchOf({ request, batchSize }: PlannedSize, number: number): Batch {
  const first = number * batchSize;
  return { number, first, count: Math.min(batchSize, request.devices - first) };
}

type PlannedSize = Pick<Simulation, 'request' | 'batchSize'>;

/**
 * How many batches may be queued or running at once: enough for the rate, plus one in the queue. Not more, because the Functions scale
 * controller starts one instance for each message (target-based scaling, `batchSize` 1).
 */
export function batchesInProgress(ratePerSecond: number, batchSize: number): number {
  const busy = Math.ceil(1 + (ratePerSecond * assumedDeviceSeconds) / batchSize);
  return Math.min(maxBatchesInProgress, busy + 1);
}

/** ISO 8601: four times the planned duration and an hour after the creation. */
export function expiresAt(createdAt: Date, request: ResolvedRequest): string {
  const plannedMs = (request.devices / request.ratePerSecond) * 1000;
  return new Date(createdAt.getTime() + expiryFactor * plannedMs + expiryGraceMs).toISOString();
}

/**
 * Registrations per second that the service's limit leaves for simulations of an ID scope. `probeRunsPerMinute`: runs of the ID scope that
 * the timer may start within one minute.
 */
export function serviceBudgetPerSecond(probeRunsPerMinute: number): number {
  return Math.max(1, serviceRegistrationsPerMinute - probeRunsPerMinute) / secondsPerMinute;
}
