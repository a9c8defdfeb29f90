import pLimit from 'p-limit';
import type { Probe } from '../config/probe.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import { type Observation, observeProbe } from './observeProbe.ts';

/** Few enough that probes do not disturb each other's times, enough that a hundred of them end well before the next tick. */
const probesAtOnce = 8;

/**
 * Runs the probes whose turn it is. Each is recorded as soon as it has ended; one that could not be recorded anywhere is reported
 * and stops none of the others.
 */
export async function runRound(
  probes: readonly Probe[],
  observation: Observation,
  reportUnrecorded: (error: unknown) => void,
): Promise<readonly Outcome[]> {
  const limit = pLimit(probesAtOnce);
  const runs = probes.map((probe) => limit(() => observeProbe(probe, observation)));
  const settled = await Promise.allSettled(runs);
  return settled.flatMap((run) => {
    if (run.status === 'fulfilled') return [run.value];
    reportUnrecorded(run.reason);
    return [];
  });
}
