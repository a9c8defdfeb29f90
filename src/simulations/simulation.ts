import type { Pace } from './pace.ts';
import type { SimulationReport } from './simulationReport.ts';
import type { ResolvedRequest } from './simulationRequest.ts';

/**
 * `queued` → `running` → `finished`; `cancelling` → `cancelled` and `stopping` → `stopped` when what had not started has been
 * written down as not run. The last word of each chain is final, and only then does every device have its one outcome.
 */
export type SimulationState = 'queued' | 'running' | 'cancelling' | 'stopping' | EndedState;
export type EndedState = 'finished' | 'cancelled' | 'stopped';

/** An on-demand run of N devices. What was asked for never changes after its creation; state, pace and report do. */
export interface Simulation {
  readonly id: string;
  /** ISO 8601, like `expiresAt` and `endedAt`. */
  readonly createdAt: string;
  /** Devices that have not started by then are written down as not run. */
  readonly expiresAt: string;
  /** The location that started it: its workers run it, by its queue. */
  readonly location: string;
  readonly idScope: string;
  readonly request: ResolvedRequest;
  /**
   * SHA-256 of the body as it was understood, without the defaults that follow from the configuration: tells a repeated request from
   * another one with the same Idempotency-Key.
   */
  readonly requestHash: string;
  readonly batchSize: number;
  readonly state: SimulationState;
  /** A sentence: why it was cancelled, stopped, or did not run to its end. */
  readonly reason?: string;
  /** What devices that will not start are recorded with. */
  readonly haltCause?: HaltCause;
  readonly pace: Pace;
  readonly endedAt?: string;
  /** Set with `endedAt`. */
  readonly report?: SimulationReport;
}

export type HaltCause = 'cancelled' | 'expired';

/** A slice of a simulation: what one queue message asks for, and the unit that is claimed, retried and summed up. */
export interface Batch {
  readonly number: number;
  /** Index of its first device. */
  readonly first: number;
  readonly count: number;
}

export function hasEnded(state: SimulationState): state is EndedState {
  return state === 'finished' || state === 'cancelled' || state === 'stopped';
}

/** No further device may start. */
export function isHalted(state: SimulationState): boolean {
  return state !== 'queued' && state !== 'running';
}

/** Stale batches must not start hours later, when no one expects them any more. */
export function expired(simulation: Simulation, nowMs: number): Simulation {
  if (isHalted(simulation.state) || nowMs <= Date.parse(simulation.expiresAt)) return simulation;
  const reason = `Expired: not every device had started by ${simulation.expiresAt}. Check that the app's queue trigger runs, and ask for a higher ratePerSecond.`;
  return { ...simulation, state: 'stopping', haltCause: 'expired', reason };
}

export function cancelled(simulation: Simulation): Simulation {
  if (isHalted(simulation.state)) return simulation;
  return { ...simulation, state: 'cancelling', haltCause: 'cancelled', reason: 'Cancelled by request.' };
}

/** Published limit of the service: registrations a minute (iot-dps-limits). */
const serviceRegistrationsPerMinute = 1000;
const secondsPerMinute = 60;

const smallestBatch = 100;
const largestBatch = 500;
/** Progress is the sum over the batches, so their number stays small however large N is. */
const wantedBatches = 200;

/** Headroom for a slow service, waiting in the queue, and a rate that 429 answers have lowered. */
const expiryFactor = 4;
const expiryGraceMs = 60 * 60_000;

/** A batch is done by its rate, plus this for the last device to be assigned. */
const assumedDeviceSeconds = 10;
const mostBatchesUnderWay = 32;

/** Devices of one batch: 100, and more only where N would otherwise give more than 200 batches. */
export function batchSizeFor(devices: number): number {
  return Math.min(largestBatch, Math.max(smallestBatch, Math.ceil(devices / wantedBatches)));
}

export function batchCount({ request, batchSize }: PlannedSize): number {
  return Math.ceil(request.devices / batchSize);
}

export function batchOf({ request, batchSize }: PlannedSize, number: number): Batch {
  const first = number * batchSize;
  return { number, first, count: Math.min(batchSize, request.devices - first) };
}

type PlannedSize = Pick<Simulation, 'request' | 'batchSize'>;

/**
 * How many batches may be queued or running at once: enough for the rate, and no more, because the Functions scale controller
 * starts one instance for each message that it sees (target-based scaling, `batchSize` 1). One more waits in the queue.
 */
export function batchesUnderWay(ratePerSecond: number, batchSize: number): number {
  const busy = Math.ceil(1 + (ratePerSecond * assumedDeviceSeconds) / batchSize);
  return Math.min(mostBatchesUnderWay, busy + 1);
}

export function expiresAt(createdAt: Date, request: ResolvedRequest): string {
  const plannedMs = (request.devices / request.ratePerSecond) * 1000;
  return new Date(createdAt.getTime() + expiryFactor * plannedMs + expiryGraceMs).toISOString();
}

/**
 * Registrations a second that the service's limit leaves to simulations of an ID scope, `probesInScope` being the runs that
 * the timer may start there within one minute.
 */
export function serviceBudgetPerSecond(probeRunsPerMinute: number): number {
  return Math.max(1, serviceRegistrationsPerMinute - probeRunsPerMinute) / secondsPerMinute;
}
