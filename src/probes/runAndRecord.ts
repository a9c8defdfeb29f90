import type { Probe } from '../config/probe.ts';
import type { OutcomeHistory } from '../history/history.ts';
import { judgeRun } from '../outcomes/judgeRun.ts';
import type { Outcome, Trigger } from '../outcomes/outcome.ts';
import { type OutcomeSink, recordOutcome, type SinkFault } from '../outcomes/recordOutcome.ts';
import { type EarlierOutcomes, refusedAt } from '../outcomes/verdict.ts';
import { type ReadSecret, secretName } from './credential.ts';
import { deviceOf, inTurn } from './deviceLease.ts';
import { runProbe } from './runProbe.ts';

export interface RunContext {
  readonly readSecret: ReadSecret;
  /** Forgets a secret that may have been rotated. */
  readonly forgetSecret: (name: string) => void;
  readonly location: string;
  readonly trigger: Trigger;
  readonly history?: Pick<OutcomeHistory, 'latest' | 'latestUp'> | undefined;
  readonly sinks: readonly OutcomeSink[];
  readonly reportSinkFault: (fault: SinkFault, outcome: Outcome) => void;
  /** An error of this program ended a run. */
  readonly reportUnexpected: (stack: string, probe: Probe) => void;
}

/** A storage that answers slowly must not hold a probe up for long: without the outcome before, only drift goes unseen. */
const previousTimeoutMs = 2_000;

/** Rejects only when no sink at all took the outcome. A device that is at it already, by the timer or by hand, has its turn first. */
export function runAndRecord(probe: Probe, runContext: RunContext): Promise<Outcome> {
  return inTurn(deviceOf(probe), () => observe(probe, runContext));
}

/**
 * Runs a probe, judges what it saw and records the outcome. Reads the previous outcome first and records afterwards, so that our own
 * I/O does not distort the timings.
 */
async function observe(probe: Probe, runContext: RunContext): Promise<Outcome> {
  const { readSecret, forgetSecret, history, sinks, reportSinkFault, reportUnexpected } = runContext;
  const earlier = history ? await readEarlier(probe, history) : {};
  const facts = await runProbe(probe, {
    readSecret,
    configuredHubs: probe.expect.assignedHub,
    reportUnexpected: (stack) => reportUnexpected(stack, probe),
  });
  const outcome = judgeRun(probe, facts, runContext, earlier);

  // A refusal that nobody expected may be a rotated key. An expected one says nothing of the secret, which other probes may share.
  if (refusedAt(outcome.result) && outcome.verdict !== 'healthy') forgetSecret(secretName(probe));
  const faults = await recordOutcome(withoutNeedlessTranscript(outcome), sinks);
  for (const fault of faults) reportSinkFault(fault, outcome);
  return outcome;
}

/** In most runs one request: the second is for the outcome before an outage. */
async function readEarlier({ name }: Probe, history: NonNullable<RunContext['history']>): Promise<EarlierOutcomes> {
  const signal = AbortSignal.timeout(previousTimeoutMs);
  const previous = await history.latest(name, signal).catch(() => undefined);
  const isUp = previous === undefined || previous.verdict === 'healthy' || previous.verdict === 'degraded';
  if (isUp) return { previous };
  return { previous, lastUp: await history.latestUp(name, signal).catch(() => undefined) };
}

/** Ten thousand transcripts of runs that went well would only hide the one that is looked for. */
function withoutNeedlessTranscript(outcome: Outcome): Outcome {
  if (outcome.verdict !== 'healthy') return outcome;
  const { transcript: _, ...kept } = outcome;
  return kept;
}
