import type { Probe } from '../config/probe.ts';
import { findDrift } from './drift.ts';
import type { Outcome, RunFacts, Trigger } from './outcome.ts';
import { type EarlierOutcomes, judge } from './verdict.ts';

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
  probe: Pick<Probe, 'name' | 'registrationId' | 'expect'>,
  facts: RunFacts,
  { trigger, location, blockedMs = 0 }: RunOrigin,
  earlier: EarlierOutcomes = {},
): Outcome {
  const { runId, startedAt, durationMs, ...seen } = facts;
  const { verdict, reasons } = judge(probe.expect, { ...facts, blockedMs }, earlier);
  const events = findDrift(facts, earlier);
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
