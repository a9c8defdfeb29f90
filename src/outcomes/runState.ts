import type { Verdict } from './outcome.ts';

/** Number of runs by verdict since the first one. Never decreases, even when rows of the history are deleted. */
export type RunTotals = Readonly<Record<Verdict, number>>;

/** The state of a probe after all its runs so far. Each roll-up stores it, so that no query reads all older runs. */
export interface RunState {
  readonly verdict: Verdict;
  /** Start of the first run of the current series of equal verdicts, ISO 8601. */
  readonly since: string;
  /** Number of runs in that series. */
  readonly runs: number;
  /** Start of the first known run, ISO 8601. Scheduled runs before it do not count as missed. */
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
