import type { Probe } from '../config/probe.ts';
import { findDrift } from './drift.ts';
import type { Outcome, RunFacts, Trigger } from './outcome.ts';
import { type EarlierOutcomes, type JudgedProbe, judge } from './verdict.ts';

/** What started the run, and at which location. */
export interface RunOrigin {
  readonly trigger: Trigger;
  /** The location that this instance probes from. */
  readonly location: string;
  /** How long this process's event loop was blocked during the run. Default 0. */
  readonly blockedMs?: number;
}

/** Judges a run's facts by the probe's expectation and by earlier outcomes, and returns the Outcome. */
export function judgeRun(
  probe: JudgedProbe & Pick<Probe, 'name'>,
  facts: RunFacts,
  { trigger, location, blockedMs = 0 }: RunOrigin,
  earlier: EarlierOutcomes = {},
): Outcome {
  const { runId, startedAt, durationMs, ...seen } = facts;
  const { verdict, reasons } = judge(probe, { ...facts, blockedMs }, earlier);
  const events = findDrift(facts, earlier, probe.attestation.type);
  return {
    runId,
    probe: probe.name,
    registrationId: probe.registrationId,
    trigger,
    location,
    startedAt,
    durationMs,
    verdict,
    reasons,
    ...seen,
    ...(events.length > 0 && { events }),
  };
}
