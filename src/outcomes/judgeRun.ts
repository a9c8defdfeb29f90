import type { Probe } from '../config/probe.ts';
import { findDrift } from './drift.ts';
import type { Outcome, RunFacts, Trigger } from './outcome.ts';
import { type EarlierOutcomes, type JudgedProbe, judge } from './verdict.ts';

/** Who ran the probe, and from where. */
export interface RunOrigin {
  readonly trigger: Trigger;
  /** Where this instance probes from. */
  readonly location: string;
  /** For how long this process itself kept the run waiting. Default 0. */
  readonly blockedMs?: number;
}

/** Makes an Outcome of what a run saw: by the probe's expectation, and by what earlier runs saw. */
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
