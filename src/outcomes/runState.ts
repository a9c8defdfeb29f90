import type { Verdict } from './outcome.ts';

/** Where a probe stands after all its runs so far: carried from hour to hour, so that nobody has to look back for it. */
export interface RunState {
  readonly verdict: Verdict;
  /** Start of the first run of the present unbroken row of equal verdicts, ISO 8601. */
  readonly since: string;
  /** How many runs are in that row. */
  readonly runs: number;
  /** Start of the first run that is known of, ISO 8601. Ticks before it cannot have been missed. */
  readonly firstRunAt: string;
}

interface JudgedRun {
  readonly verdict: Verdict;
  readonly startedAt: string;
}

/** The state after one more run. */
export function advance(state: RunState | undefined, { verdict, startedAt }: JudgedRun): RunState {
  if (state?.verdict === verdict) return { ...state, runs: state.runs + 1 };
  return { verdict, since: startedAt, runs: 1, firstRunAt: state?.firstRunAt ?? startedAt };
}
