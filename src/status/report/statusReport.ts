import type { Outcome, Verdict } from '../../outcomes/outcome.ts';
import type { Phase, PhaseTimes } from '../../transport/phase.ts';

/** Everything that the status page, its JSON and the badges say, worked out once from the history. */
export interface StatusReport {
  /** ISO 8601. */
  readonly generatedAt: string;
  readonly location: string;
  readonly probes: readonly ProbeReport[];
  /** Combined correlations of probes that differ in one thing only, e.g. "8883 blocked, 443 fine: a firewall, not the service". */
  readonly correlations: readonly Correlation[];
  /** Set when the history could not be read; the probes then carry no data. */
  readonly storageFault?: string;
}

export interface Correlation {
  readonly probes: readonly string[];
  readonly text: string;
}

export interface ProbeReport {
  readonly name: string;
  readonly registrationId: string;
  readonly idScope: string;
  readonly globalDeviceEndpoint: string;
  readonly transport: 'mqtt' | 'mqtt-ws';
  readonly expected: string;
  readonly last?: Outcome;
  /** Verdict since when, ISO 8601: the start of the first outcome of the present unbroken run of equal verdicts. */
  readonly since?: string;
  readonly consecutiveFailures: number;
  /** Healthy to not healthy and back too often to be believed: more than four changes in the last twelve runs. */
  readonly flapping: boolean;
  /** The newest outcomes, oldest first, at most 90. */
  readonly bars: readonly HistoryBar[];
  readonly windows: { readonly [name in WindowName]: AvailabilityWindow };
  /** The newest outcomes that were not healthy, newest first, at most 10, with their transcripts. */
  readonly failures: readonly Outcome[];
  /** Outcomes with drift events, newest first, at most 10. */
  readonly drifts: readonly Outcome[];
}

export interface HistoryBar {
  readonly startedAt: string;
  readonly verdict: Verdict | 'missed';
  readonly durationMs?: number;
  readonly phases?: PhaseTimes;
  readonly reason?: string;
}

export type WindowName = '24h' | '7d' | '30d';

/** Counts of outcomes in a window. A tick that left no outcome counts as unknown, never as up. */
export interface AvailabilityWindow {
  readonly healthy: number;
  readonly degraded: number;
  readonly failing: number;
  readonly unknown: number;
  readonly missed: number;
  /** (healthy + degraded) / (healthy + degraded + failing), 0 to 1; absent where nothing is known. */
  readonly availability?: number;
  readonly percentiles: { readonly [phase in Phase | 'total']?: Percentiles };
}

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}
