import type { Batch, ResolvedRequest, Simulation } from './simulation.ts';
import { registrationIdDigits } from './simulationRequest.ts';

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

/** Prefix and six digits, from 000001: the same device of the same prefix has the same id whatever N is. */
export function registrationIdOf(request: ResolvedRequest, index: number): string {
  return `${request.registrationIdPrefix}${String(index + 1).padStart(registrationIdDigits, '0')}`;
}

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
