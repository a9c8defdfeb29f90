import type { Expectation } from '../../config/probe.ts';
import type { Outcome, Verdict } from '../../outcomes/outcome.ts';
import type { Phase, PhaseTimes } from '../../transport/phase.ts';
import type { WebhookReport } from './webhookReport.ts';

/** Everything that the status page, its JSON and the badges show, worked out once from the history. */
export interface StatusReport {
  /** ISO 8601. */
  readonly generatedAt: string;
  readonly location: string;
  readonly probes: readonly ProbeReport[];
  /** What pairs of probes show that differ in one thing only, e.g. "8883 blocked, 443 fine: a firewall, not the service". */
  readonly correlations: readonly Correlation[];
  /** Whether scheduled runs came when they were due, at each location, and the maintenance of the history. */
  readonly timers: readonly TimerReport[];
  readonly webhook: WebhookReport;
  /** Set when the history could not be read; the probes then carry no data. */
  readonly storageFault?: string;
}

export interface TimerReport {
  readonly timer: 'probes' | 'maintenance';
  readonly location: string;
  /** `silent`: it did not fire when it was due. `unfinished`: it fired, but its process stopped before the end. */
  readonly state: 'onTime' | 'silent' | 'unfinished';
  /** ISO 8601; absent where it never fired. */
  readonly lastStartedAt?: string;
  /** ISO 8601: when the first run was due that did not come. */
  readonly dueAt?: string;
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
  /** The whole expectation in words. */
  readonly expected: string;
  readonly expectedResult: Expectation['result'];
  /** A slower run is degraded. */
  readonly withinSeconds?: number;
  readonly last?: Outcome;
  /** ISO 8601: the start of the first outcome of the present unbroken run of equal verdicts. */
  readonly since?: string;
  /** ISO 8601: the start of the first run that is known of. */
  readonly firstRunAt?: string;
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
  /** Absent where no run was recorded. */
  readonly runId?: string;
  readonly startedAt: string;
  readonly verdict: Verdict | 'missed';
  readonly durationMs?: number;
  readonly phases?: PhaseTimes;
  /** Of the assign phase, the time that the service asked to wait (`retry-after`). */
  readonly waitedMs?: number;
  readonly reason?: string;
}

export type WindowName = '24h' | '7d' | '30d';
export const windowNames: readonly WindowName[] = ['24h', '7d', '30d'];

/** Counts of outcomes in a window. A scheduled run that left no outcome counts as missed, never as up. */
export interface AvailabilityWindow {
  readonly healthy: number;
  readonly degraded: number;
  readonly failing: number;
  readonly unknown: number;
  readonly missed: number;
  /** Whether the probe has run for as long as the window is: before that, its figures describe a shorter time. */
  readonly complete: boolean;
  /** (healthy + degraded) / (healthy + degraded + failing), 0 to 1; absent where nothing is known. */
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

/** How a probe stands now: its last verdict, unless no run came when one was due (`missed`) or none ever came (`none`). */
export type ProbeState = Verdict | 'missed' | 'none';

/** The order in which the person on call wants to read them. */
export const statesByUrgency = ['failing', 'unknown', 'missed', 'degraded', 'none', 'healthy'] as const;

/** A history that could not be read leaves every probe unknown, not without data. */
export function probeState({ storageFault }: Pick<StatusReport, 'storageFault'>, probe: ProbeReport): ProbeState {
  if (storageFault !== undefined) return 'unknown';
  if (probe.last === undefined) return 'none';
  return probe.bars.at(-1)?.verdict === 'missed' ? 'missed' : probe.last.verdict;
}

/** The worst state of these probes; `none` where there are none. */
export function worstState(report: Pick<StatusReport, 'storageFault'>, probes: readonly ProbeReport[]): ProbeState {
  const states = new Set(probes.map((probe) => probeState(report, probe)));
  return statesByUrgency.find((state) => states.has(state)) ?? 'none';
}

/** The service let a device in that it must refuse: the worst that a probe can find. */
export function isWronglyAccepted({ expectedResult, last }: ProbeReport): boolean {
  if (last?.verdict !== 'failing' || expectedResult === 'assigned') return false;
  return ['assigned', 'hubRefused', 'certificateNotIssued'].includes(last.result.kind);
}
