import type { Probe } from '../config/probe.ts';
import type { OutcomeHistory } from '../history/history.ts';
import type { Outcome, Trigger } from '../outcomes/outcome.ts';
import { type OutcomeSink, recordOutcome, type SinkFault } from '../outcomes/recordOutcome.ts';
import { refusedAt } from '../outcomes/verdict.ts';
import type { ReadSecret } from './credential.ts';
import { deviceOf, inTurn } from './deviceLease.ts';
import { type ProbeContext, runProbe } from './runProbe.ts';

export interface RunContext {
  readonly readSecret: ReadSecret;
  /** Forgets a secret that may have been rotated. */
  readonly forgetSecret: (name: string) => void;
  readonly location: string;
  readonly trigger: Trigger;
  readonly history?: Pick<OutcomeHistory, 'latest' | 'latestUp'> | undefined;
  readonly sinks: readonly OutcomeSink[];
  readonly reportSinkFault: (fault: SinkFault, outcome: Outcome) => void;
}

/** A storage that answers slowly must not hold a probe up for long: without the outcome before, only drift goes unseen. */
const previousTimeoutMs = 2_000;

/** Rejects only when no sink at all took the outcome. A device that is at it already, by the timer or by hand, has its turn first. */
export function runAndRecord(probe: Probe, runContext: RunContext): Promise<Outcome> {
  return inTurn(deviceOf(probe), () => observe(probe, runContext));
}

/**
 * Runs a probe and records its outcome. What the outcome before was is read first, and nothing else of ours happens until the run
 * has ended, so that its times are its own.
 */
async function observe(probe: Probe, runContext: RunContext): Promise<Outcome> {
  const { readSecret, forgetSecret, location, trigger, history, sinks, reportSinkFault } = runContext;
  const before = history ? await readBefore(probe, history) : {};
  const outcome = await runProbe(probe, { readSecret, location, trigger, ...before });

  if (refusedAt(outcome.result)) forgetSecret(secretOf(probe));
  const faults = await recordOutcome(withoutNeedlessTranscript(outcome), sinks);
  for (const fault of faults) reportSinkFault(fault, outcome);
  return outcome;
}

/** In most runs one request: the second is for the outcome before an outage. */
async function readBefore(
  { name }: Probe,
  history: NonNullable<RunContext['history']>,
): Promise<Pick<ProbeContext, 'previous' | 'lastUp'>> {
  const signal = AbortSignal.timeout(previousTimeoutMs);
  const previous = await history.latest(name, signal).catch(() => undefined);
  const isUp = previous === undefined || previous.verdict === 'healthy' || previous.verdict === 'degraded';
  if (isUp) return { previous };
  return { previous, lastUp: await history.latestUp(name, signal).catch(() => undefined) };
}

function secretOf({ attestation }: Probe): string {
  return attestation.type === 'symmetricKey' ? attestation.secret : attestation.certificate;
}

/** Ten thousand transcripts of runs that went well would only hide the one that is looked for. */
function withoutNeedlessTranscript(outcome: Outcome): Outcome {
  if (outcome.verdict !== 'healthy') return outcome;
  const { transcript: _, ...kept } = outcome;
  return kept;
}
