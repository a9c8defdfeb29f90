import type { Probe } from '../config/probe.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import type { BatchQueue, BatchStore } from './store/batchStore.ts';
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
  /** The location that this instance probes from. */
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
  /** Called for every 429 when it comes. */
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
  /** Devices that run at once in one batch; with host.json's `batchSize` 1 that is in one instance. */
  readonly devicesAtOnce: number;
  /** A worker that has not renewed its claim for so long counts as dead. */
  readonly leaseMs: number;
  /** After so long a worker starts no further device and releases the rest, to end well within the host's function timeout. */
  readonly releaseAfterMs: number;
  /** A batch that so many workers did not survive is not tried again. */
  readonly claims: number;
  /** A message that was not received for so long is sent again. */
  readonly resendAfterMs: number;
  /** How often a simulation without other events is reconciled. */
  readonly watchEverySeconds: number;
}
