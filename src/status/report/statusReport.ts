import type { Expectation } from '../../config/probe.ts';
import type { Outcome, Verdict } from '../../outcomes/outcome.ts';
import type { Phase, PhaseTimes } from '../../transport/phase.ts';
import type { WebhookReport } from './webhookReport.ts';

/** The data of the status page, its JSON and the badges. */
export interface StatusReport {
  /** ISO 8601. */
  readonly generatedAt: string;
  readonly location: string;
  readonly probes: readonly ProbeReport[];
  /** Findings from comparing probes that differ in only one respect, e.g. "8883 blocked, 443 fine: a firewall, not the service". */
  readonly correlations: readonly Correlation[];
  /** Whether scheduled runs and the maintenance of the history run when they are due, at each location. */
  readonly timers: readonly TimerReport[];
  readonly webhook: WebhookReport;
  /** Names of rows of the history that were left out, because this app cannot read them. */
  readonly unreadableRows?: readonly string[];
  /** Set when the history cannot be read; the probes then have no data. */
  readonly storageFault?: string;
}

export interface TimerReport {
  readonly timer: 'probes' | 'maintenance';
  readonly location: string;
  /** `silent`: it did not fire when it was due. `unfinished`: it fired, but its process stopped before the end. */
  readonly state: 'onTime' | 'silent' | 'unfinished';
  /** ISO 8601; absent when it never fired. */
  readonly lastStartedAt?: string;
  /** ISO 8601: when the first missing run was due. */
  readonly dueAt?: string;
  /** A sentence for each sink that did not accept an outcome of the last finished scheduled run; absent if all accepted. */
  readonly sinkErrors?: readonly string[];
}

export interface Correlation {
  readonly probes: readonly string[];
  readonly text: string;
}

/** One probe at one location. */
export interface ProbeReport {
  readonly name: string;
  readonly location: string;
  readonly tags: readonly string[];
  readonly registrationId: string;
  readonly idScope: string;
  readonly globalDeviceEndpoint: string;
  readonly transport: 'mqtt' | 'mqtt-ws';
  /** The whole expectation as text. */
  readonly expected: string;
  readonly expectedResult: Expectation['result'];
  /** A slower run is degraded. */
  readonly withinSeconds?: number;
  readonly last?: Outcome;
  /** ISO 8601: the start of the current series of equal verdicts. */
  readonly since?: string;
  /** ISO 8601: the start of the first known run. */
  readonly firstRunAt?: string;
  readonly consecutiveFailures: number;
  /** The verdict changed between healthy and not healthy more than four times in the last twelve runs. */
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
  /** Absent for a missed run. */
  readonly runId?: string;
  readonly startedAt: string;
  readonly verdict: Verdict | 'missed';
  readonly durationMs?: number;
  readonly phases?: PhaseTimes;
  /** Time in the phase `assign` for which the service asked to wait (`retry-after`). */
  readonly waitedMs?: number;
  readonly reason?: string;
}

export type WindowName = '24h' | '7d' | '30d';
export const windowNames: readonly WindowName[] = ['24h', '7d', '30d'];

/** Counts of outcomes in a window. A scheduled run without an outcome counts as missed. */
export interface AvailabilityWindow {
  readonly healthy: number;
  readonly degraded: number;
  readonly failing: number;
  readonly unknown: number;
  readonly missed: number;
  /** True when the probe's first run was before the window; otherwise the figures describe a shorter time. */
  readonly complete: boolean;
  /** (healthy + degraded) / (healthy + degraded + failing), 0 to 1; absent without such runs. */
  readonly availability?: number;
  readonly percentiles: { readonly [phase in Phase | 'total']?: Percentiles };
}

/** Milliseconds, over `count` runs. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** The state of a probe: its last verdict, or `missed` if a run was due and missing, or `none` if it has never run. */
export type ProbeState = Verdict | 'missed' | 'none';

/** The most urgent first. */
export const statesByUrgency = ['failing', 'unknown', 'missed', 'degraded', 'none', 'healthy'] as const;

/** When the history cannot be read, every probe is `unknown`, not `none`. */
export function probeState({ storageFault }: Pick<StatusReport, 'storageFault'>, probe: ProbeReport): ProbeState {
  if (storageFault !== undefined) return 'unknown';
  if (probe.last === undefined) return 'none';
  return probe.bars.at(-1)?.verdict === 'missed' ? 'missed' : probe.last.verdict;
}

/** The worst state of these probes; `none` for an empty list. */
export function worstState(report: Pick<StatusReport, 'storageFault'>, probes: readonly ProbeReport[]): ProbeState {
  const states = new Set(probes.map((probe) => probeState(report, probe)));
  return statesByUrgency.find((state) => states.has(state)) ?? 'none';
}

/** True when the service accepted a device that it must refuse: the worst finding of a probe. */
export function isWronglyAccepted({ expectedResult, last }: ProbeReport): boolean {
  if (last?.verdict !== 'failing' || expectedResult === 'assigned') return false;
  return ['assigned', 'hubRefused', 'certificateNotIssued'].includes(last.result.kind);
}
