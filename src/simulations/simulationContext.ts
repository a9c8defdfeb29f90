import type { Probe } from '../config/probe.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import type { BatchQueue, BatchStore } from './store/batchStore.ts';
import type { DeviceOutcomes } from './store/deviceOutcomes.ts';
import type { SimulationStore } from './store/simulationStore.ts';

/** The services that simulations need. */
export interface SimulationContext {
  readonly simulations: SimulationStore;
  readonly batches: BatchStore;
  readonly outcomes: DeviceOutcomes;
  readonly queue: BatchQueue;
  readonly probes: readonly Probe[];
  /** Runs that the timer may start within one minute, over all probes of an ID scope. They share the service's limit. */
  readonly probeRunsPerMinute: (idScope: string) => number;
  /** The location that this instance probes from. */
  readonly location: string;
  /** Called for each batch. */
  readonly createDeviceRunner: (options: DeviceRunnerOptions) => RunDevice;
  readonly log: (line: SimulationLogLine) => void;
  readonly limits: WorkerLimits;
}

export interface DeviceRunnerOptions {
  /** Hub names, besides Azure's own, that may be given a credential. From the configured probe, never from a request. */
  readonly configuredHubs: readonly string[] | undefined;
  readonly reuseTlsSessions: boolean;
  /** Called for every 429 as it arrives. */
  readonly onThrottled: (retryAfterMs: number) => void;
}

/** Runs one device. Rejects only because of a bug. */
export type RunDevice = (probe: Probe) => Promise<Outcome>;

export interface SimulationLogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly simulationId?: string;
  readonly [fact: string]: unknown;
}

export interface WorkerLimits {
  /** Devices that run at once in one batch, and so in one instance (host.json: `batchSize` 1). */
  readonly devicesAtOnce: number;
  /** A worker that has not renewed its claim for this long counts as dead. */
  readonly leaseMs: number;
  /** After this time a worker starts no further device and releases the rest, so that it ends well within the host's function timeout. */
  readonly releaseAfterMs: number;
  /** A batch is not tried again after this many workers died while running it. */
  readonly claims: number;
  /** A message that was not received for this long is sent again. */
  readonly resendAfterMs: number;
  /** How often a simulation without other events is reconciled. */
  readonly watchEverySeconds: number;
}
