import type { Pace } from './pace.ts';
import type { SimulationReport } from './simulationReport.ts';
import type { SimulationRequest } from './simulationRequest.ts';

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

/** The request with every default filled in that the plan depends on. */
export type ResolvedRequest = SimulationRequest & {
  readonly registrationIdPrefix: string;
  readonly ratePerSecond: number;
};

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
