import { type Expectation, type Probe, timeoutMs } from '../../config/probe.ts';
import { scheduleToleranceMs } from '../../config/schedule.ts';
import type { Heartbeat } from '../../history/heartbeat.ts';
import type { OutcomeHistory } from '../../history/history.ts';
import { type DueTimes, missedRuns } from '../../history/missedRuns.ts';
import type { RunSummary } from '../../history/outcomeRow.ts';
import type { Outcome } from '../../outcomes/outcome.ts';
import { advance, type RunState } from '../../outcomes/runState.ts';
import { availabilityWindows, maxWindowBeginMs, readWindowSource } from './availabilityWindows.ts';
import type { AvailabilityWindow, HistoryBar, ProbeReport } from './statusReport.ts';

export interface ProbeReportContext {
  readonly dueTimes: DueTimes;
  readonly nowMs: number;
  /** The schedule of another location may be staggered against `dueTimes`. */
  readonly ownLocation: string;
  readonly signal: AbortSignal;
}

const maxBars = 90;
const maxOutcomes = 10;
const flappingRuns = 12;
const flappingChanges = 4;
/** Time to record a run after its deadline. Only after that does a scheduled run without an outcome count as missed. */
const recordingMs = 30_000;

/**
 * Reads the report of one probe at the history's location: a few parallel requests, and one or two more if a scheduled run was missed or
 * roll-ups are late.
 */
export async function readProbeReport(
  history: OutcomeHistory,
  probe: Probe,
  context: ProbeReportContext,
): Promise<ProbeReport> {
  const { nowMs, signal } = context;
  const [source, newest, [last], failures, drifts] = await Promise.all([
    readWindowSource(history, probe.name, nowMs, signal),
    history.summaries(probe.name, {}, { count: maxBars, signal }),
    history.newest(probe.name, 'all', 1, signal),
    history.newest(probe.name, 'unhealthy', maxOutcomes, signal),
    history.newest(probe.name, 'drift', maxOutcomes, signal),
  ]);
  const rolledUp = source.days[0];
  const unrolledFromMs = rolledUp?.endMs ?? maxWindowBeginMs(nowMs);
  const runs = await unrolledRuns(history, probe.name, newest, unrolledFromMs, signal);
  if (!last) return withoutData(probe, history.location);
  const known = runs.toReversed().reduce<RunState | undefined>(advance, rolledUp?.state);
  // The last run may be older than every window.
  const state = known ?? advance(undefined, last);

  const longest = runs.length > newest.length ? runs : newest;
  const missedMs =
    history.location === context.ownLocation
      ? missedRunsOf(probe, longest, Date.parse(state.firstRunAt), unrolledFromMs, context)
      : missedElsewhere(probe, Date.parse(last.startedAt), context);
  const unrolled = { runs, missedMs: missedMs.filter((dueMs) => dueMs >= unrolledFromMs) };
  return {
    ...configurationOf(probe, history.location),
    // With `{location}` in it, it differs by location.
    ...(history.location !== context.ownLocation && { registrationId: last.registrationId }),
    last,
    since: state.since,
    firstRunAt: state.firstRunAt,
    consecutiveFailures: state.verdict === 'failing' ? state.runs : 0,
    flapping: isFlapping(newest),
    bars: await barsOf(history, newest, missedMs, context),
    windows: availabilityWindows(source, unrolled, Date.parse(state.firstRunAt), nowMs),
    failures,
    drifts,
  };
}

/** For a probe that has never run, and for one whose history cannot be read. */
export function withoutData(probe: Probe, location: string): ProbeReport {
  const counts = { healthy: 0, degraded: 0, failing: 0, unknown: 0, missed: 0 };
  const nothing: AvailabilityWindow = { ...counts, complete: false, percentiles: {} };
  return {
    ...configurationOf(probe, location),
    consecutiveFailures: 0,
    flapping: false,
    bars: [],
    windows: { '24h': nothing, '7d': nothing, '30d': nothing },
    failures: [],
    drifts: [],
  };
}

function configurationOf(probe: Probe, location: string) {
  const { name, registrationId, idScope, globalDeviceEndpoint, transport, expect, tags = [] } = probe;
  const { result: expectedResult, withinSeconds } = expect;
  return {
    name,
    location,
    tags,
    registrationId,
    idScope,
    globalDeviceEndpoint,
    transport,
    expected: describeExpectation(expect),
    expectedResult,
    ...(withinSeconds !== undefined && { withinSeconds }),
  };
}

/** `assigned, within 20 s`, `refused, errorCode 401002`. */
function describeExpectation(expect: Expectation): string {
  const { result, errorCode, assignedHub, deviceId, substatus, withinSeconds, certificateDaysLeft } = expect;
  const { connectionProfile, issuedCertificateDays: { min, max } = {} } = expect;
  return [
    result,
    errorCode === undefined ? undefined : `errorCode ${[errorCode].flat().join(' or ')}`,
    assignedHub && `to ${assignedHub.join(' or ')}`,
    deviceId && `as ${deviceId}`,
    substatus,
    connectionProfile && `connection profile ${connectionProfile}`,
    min === undefined ? undefined : `issued certificate valid for at least ${min} days`,
    max === undefined ? undefined : `issued certificate valid for at most ${max} days`,
    withinSeconds === undefined ? undefined : `within ${withinSeconds} s`,
    certificateDaysLeft === undefined ? undefined : `certificates valid for at least ${certificateDaysLeft} days`,
  ]
    .filter((words) => words !== undefined)
    .join(', ');
}

/** Newest first. Usually a part of the runs read for the bars; more only if roll-ups are late. */
async function unrolledRuns(
  history: OutcomeHistory,
  probe: string,
  newest: readonly RunSummary[],
  fromMs: number,
  signal: AbortSignal,
): Promise<readonly RunSummary[]> {
  const oldest = newest.at(-1);
  const isWhole = newest.length < maxBars || oldest === undefined || Date.parse(oldest.startedAt) < fromMs;
  if (isWhole) return newest.filter(({ startedAt }) => Date.parse(startedAt) >= fromMs);
  return history.summaries(probe, { sinceMs: fromMs }, { signal });
}

/** Missed runs in the time that is not rolled up and in the time of the bars. Milliseconds since 1970, oldest first. */
function missedRunsOf(
  probe: Probe,
  runs: readonly RunSummary[],
  firstRunMs: number,
  unrolledFromMs: number,
  { dueTimes, nowMs }: ProbeReportContext,
): number[] {
  const oldestRunMs = Date.parse(runs.at(-1)?.startedAt ?? '') || nowMs;
  const fromMs = Math.max(Math.min(oldestRunMs, unrolledFromMs), firstRunMs + 1, maxWindowBeginMs(nowMs));
  const starts = runs.filter(({ trigger }) => trigger === 'timer').map(({ startedAt }) => Date.parse(startedAt));
  const settledMs = nowMs - timeoutMs(probe) - recordingMs;
  return missedRuns(dueTimes(probe, fromMs, nowMs), starts).filter((dueMs) => dueMs <= settledMs);
}

/**
 * Another location's schedule may be staggered against this one: its next run is before the second due time of this schedule, so only due
 * times from the second on are missed.
 */
function missedElsewhere(probe: Probe, lastRunMs: number, { dueTimes, nowMs }: ProbeReportContext): readonly number[] {
  const settledMs = nowMs - timeoutMs(probe) - recordingMs;
  const fromMs = Math.max(lastRunMs + scheduleToleranceMs, maxWindowBeginMs(nowMs));
  return dueTimes(probe, fromMs, settledMs).slice(1);
}

async function barsOf(
  history: OutcomeHistory,
  newest: readonly RunSummary[],
  missedMs: readonly number[],
  { signal }: ProbeReportContext,
): Promise<HistoryBar[]> {
  const missed = missedMs.slice(-maxBars);
  const [oldestMissedMs] = missed;
  const sinceMs = oldestMissedMs === undefined ? undefined : oldestMissedMs - scheduleToleranceMs;
  const called = sinceMs === undefined ? [] : await history.heartbeats('probes', { sinceMs }, { signal });
  const missedBars = missed.map((dueMs): HistoryBar => {
    const heartbeat = called.find(({ scheduledMs }) => Math.abs(scheduledMs - dueMs) <= scheduleToleranceMs);
    return { startedAt: new Date(dueMs).toISOString(), verdict: 'missed', reason: missedReason(heartbeat) };
  });
  return [...newest.map(barOf), ...missedBars]
    .sort((one, other) => Date.parse(one.startedAt) - Date.parse(other.startedAt))
    .slice(-maxBars);
}

function missedReason(heartbeat: Heartbeat | undefined): string {
  if (!heartbeat)
    return 'the timer did not fire: this app was not running. Next: check that the app runs, and its log.';
  return heartbeat.completed
    ? 'the timer fired, but no outcome was recorded. Next: check the log of runProbes and the storage account.'
    : 'the timer fired, but the scheduled run did not end: its process was stopped or crashed. Next: check the log of runProbes.';
}

function barOf({ runId, startedAt, verdict, durationMs, phases, waitedMs, reason }: RunSummary): HistoryBar {
  return {
    runId,
    startedAt,
    verdict,
    durationMs,
    phases,
    ...(waitedMs !== undefined && { waitedMs }),
    ...(reason !== undefined && { reason }),
  };
}

function isFlapping(newest: readonly Pick<Outcome, 'verdict'>[]): boolean {
  const healthy = newest.slice(0, flappingRuns).map(({ verdict }) => verdict === 'healthy');
  return healthy.filter((isHealthy, index) => index > 0 && isHealthy !== healthy[index - 1]).length > flappingChanges;
}
