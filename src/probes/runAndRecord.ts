import { randomUUID } from 'node:crypto';
import type { Probe } from '../config/probe.ts';
import type { OutcomeHistory } from '../history/history.ts';
import { judgeRun } from '../outcomes/judgeRun.ts';
import type { NotRun, Outcome, RunFacts, Trigger } from '../outcomes/outcome.ts';
import { type OutcomeSink, recordOutcome, type SinkError } from '../outcomes/recordOutcome.ts';
import { refusedAt } from '../outcomes/refusedAt.ts';
import type { EarlierOutcomes } from '../outcomes/verdict.ts';
import { type ReadSecret, secretName } from './credential.ts';
import type { DeviceLeases, RunLimits, RunResult } from './deviceLease.ts';
import { type EventLoopDelay, measureEventLoopDelay } from './eventLoopDelay.ts';
import { runProbe } from './runProbe.ts';

export interface RunContext {
  readonly readSecret: ReadSecret;
  /** Loads the modules that reading a secret needs, before the run: within it, loading would count as time of the vault. Never rejects. */
  readonly loadSecretReader?: (() => Promise<void>) | undefined;
  /** Removes a secret from the cache that may have been rotated. */
  readonly forgetSecret: (name: string) => void;
  readonly location: string;
  readonly trigger: Trigger;
  readonly leases: DeviceLeases;
  readonly history?: Pick<OutcomeHistory, 'latest' | 'latestUp'> | undefined;
  readonly sinks: readonly OutcomeSink[];
  readonly reportSinkError: (error: SinkError, outcome: Outcome) => void;
  /** Called when an error in this program ended a run. */
  readonly reportUnexpected: (stack: string, probe: Probe) => void;
}

export interface RecordLimits extends RunLimits {
  /** Ends the run early. The outcome then states the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a probe while no other run of its device is in progress, judges the facts and records the outcome. Reads the previous outcome first
 * and records afterwards, so that our own I/O does not distort the timings.
 *
 * Rejects only when no sink accepted the outcome.
 */
export function runAndRecord(probe: Probe, context: RunContext, limits: RecordLimits = {}): Promise<RunResult> {
  const { readSecret, forgetSecret, leases, history, reportUnexpected } = context;
  return leases.runAlone(probe, limits, async (leaseNotes, storageSignal) => {
    const [earlier] = await Promise.all([
      history ? readEarlier(probe, history, storageSignal) : {},
      context.loadSecretReader?.(),
    ]);
    const { result: facts, delay } = await measureEventLoopDelay(() =>
      runProbe(probe, {
        readSecret,
        configuredHubs: probe.expect.assignedHub,
        signal: limits.signal,
        reportUnexpected: (stack) => reportUnexpected(stack, probe),
      }),
    );
    const notes = [...(facts.notes ?? []), ...leaseNotes, ...describeOverload(delay, facts)];
    const seen = { ...facts, result: endedBy(limits.signal, facts), ...(notes.length > 0 && { notes }) };
    const outcome = judgeRun(probe, seen, { ...context, blockedMs: delay.totalMs }, earlier);
    // An unexpected refusal may mean that the key was rotated. An expected one does not, and other probes may share the
    // secret.
    if (refusedAt(outcome.result, probe.attestation.type) && outcome.verdict !== 'healthy') {
      forgetSecret(secretName(probe));
    }
    return { outcome, recorded: record(outcome, context) };
  });
}

/** Records that a probe did not run, and why. Rejects only when no sink accepted the outcome. */
export async function recordNotRun(
  probe: Probe,
  context: RunContext,
  { cause, message }: Pick<NotRun, 'cause' | 'message'>,
): Promise<Outcome> {
  const facts: RunFacts = {
    runId: randomUUID(),
    startedAt: new Date().toISOString(),
    durationMs: 0,
    phases: {},
    polls: 0,
    result: { kind: 'notRun', cause, message },
  };
  const outcome = judgeRun(probe, facts, context);
  await record(outcome, context);
  return outcome;
}

async function record(outcome: Outcome, { sinks, reportSinkError }: RunContext): Promise<void> {
  const errors = await recordOutcome(withoutNeedlessTranscript(outcome), sinks);
  for (const error of errors) reportSinkError(error, outcome);
}

/** One request in most runs; a second one finds the outcome before an outage. If they fail, only drift goes unnoticed. */
async function readEarlier(
  { name }: Probe,
  history: NonNullable<RunContext['history']>,
  signal: AbortSignal,
): Promise<EarlierOutcomes> {
  const previous = await history.latest(name, signal).catch(() => undefined);
  const isUp = previous === undefined || previous.verdict === 'healthy' || previous.verdict === 'degraded';
  if (isUp) return { previous };
  return { previous, lastUp: await history.latestUp(name, signal).catch(() => undefined) };
}

/** When the whole scheduled run reached its deadline, that is the cause. A response of the service before it stays the result. */
function endedBy(signal: AbortSignal | undefined, { result }: RunFacts): RunFacts['result'] {
  if (!signal?.aborted || result.kind !== 'notRun' || result.cause !== 'cancelled') return result;
  return { ...result, cause: 'outOfTime', message: `${signal.reason}` };
}

/** Blocked for this long, the process distorts what it measures. */
const overloadMs = 250;

function describeOverload({ longestMs, totalMs }: EventLoopDelay, { durationMs }: RunFacts): readonly string[] {
  if (longestMs < overloadMs && totalMs < Math.max(overloadMs, durationMs / 5)) return [];
  return [
    `This process was overloaded: its event loop was blocked for ${Math.round(totalMs)} ms of this run (longest ${Math.round(longestMs)} ms), so the times of its phases are too long`,
  ];
}

/** The transcript of a healthy run is not worth its storage. */
function withoutNeedlessTranscript(outcome: Outcome): Outcome {
  if (outcome.verdict !== 'healthy') return outcome;
  const { transcript: _, ...kept } = outcome;
  return kept;
}
