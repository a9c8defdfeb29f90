import type { Verdict } from './outcome.ts';

/** How many runs had each verdict since the first one. Never smaller than before, whatever is deleted from the history. */
export type RunTotals = Readonly<Record<Verdict, number>>;

/** The state of a probe after all its runs so far. Each roll-up carries it on, so that no query reads back for it. */
export interface RunState {
  readonly verdict: Verdict;
  /** Start of the first run since which the verdict has been the same, ISO 8601. */
  readonly since: string;
  /** How many runs that is. */
  readonly runs: number;
  /** Start of the first known run, ISO 8601. Scheduled runs before it cannot have been missed. */
  readonly firstRunAt: string;
  readonly totals: RunTotals;
}

export const noRuns: RunTotals = { healthy: 0, degraded: 0, failing: 0, unknown: 0 };

interface JudgedRun {
  readonly verdict: Verdict;
  readonly startedAt: string;
}

/** The state after one more run. */
export function advance(state: RunState | undefined, { verdict, startedAt }: JudgedRun): RunState {
  const before = state?.totals ?? noRuns;
  const totals = { ...before, [verdict]: before[verdict] + 1 };
  if (state?.verdict === verdict) return { ...state, runs: state.runs + 1, totals };
  return { verdict, since: startedAt, runs: 1, firstRunAt: state?.firstRunAt ?? startedAt, totals };
}
