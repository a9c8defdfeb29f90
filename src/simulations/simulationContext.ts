import type { Probe } from '../config/probe.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import type { BatchQueue } from './store/batchQueue.ts';
import type { BatchStore } from './store/batchStore.ts';
import type { DeviceOutcomes } from './store/deviceOutcomes.ts';
import type { SimulationStore } from './store/simulationStore.ts';

/** What the parts of a simulation work with. */
export interface SimulationContext {
  readonly simulations: SimulationStore;
  readonly batches: BatchStore;
  readonly outcomes: DeviceOutcomes;
  readonly queue: BatchQueue;
  readonly probes: readonly Probe[];
  /** Runs that the timer may start within one minute, over all probes of an ID scope: they share the service's limit. */
  readonly probeRunsPerMinute: (idScope: string) => number;
  /** Where this instance looks from. */
  readonly location: string;
  /** Made anew for each batch. */
  readonly createDeviceRunner: (options: DeviceRunnerOptions) => RunDevice;
  readonly log: (line: SimulationLogLine) => void;
  readonly limits: WorkerLimits;
}

export interface DeviceRunnerOptions {
  /** Hub names, besides Azure's own, that may be given a credential. From the configured probe, never from a request. */
  readonly configuredHubs: readonly string[] | undefined;
  readonly reuseTlsSessions: boolean;
  /** Called for every 429, at the moment it is feedback. */
  readonly onThrottled: (retryAfterMs: number) => void;
}

/** Runs one device; never rejects but for a bug. */
export type RunDevice = (probe: Probe) => Promise<Outcome>;

export interface SimulationLogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly simulationId?: string;
  readonly [fact: string]: unknown;
}

export interface WorkerLimits {
  /** Devices under way at once in one batch; with host.json's `batchSize` 1 that is in one instance. */
  readonly devicesAtOnce: number;
  /** A worker that has not renewed its claim for so long is taken for dead. */
  readonly leaseMs: number;
  /** After so long a worker starts no further device and hands the rest back, to end well within the host's function timeout. */
  readonly handBackAfterMs: number;
  /** A batch that so many workers did not survive is not tried again. */
  readonly claims: number;
  /** A message that was not taken up for so long is sent again. */
  readonly resendAfterMs: number;
  /** How often a simulation without other events is looked after. */
  readonly watchEverySeconds: number;
}

export const defaultLimits: WorkerLimits = {
  devicesAtOnce: 250,
  leaseMs: 30_000,
  handBackAfterMs: 180_000,
  claims: 5,
  resendAfterMs: 120_000,
  watchEverySeconds: 30,
};
