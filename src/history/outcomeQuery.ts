import type { Verdict } from '../outcomes/outcome.ts';
import type { Position } from './outcomeKeys.ts';

/** Which outcomes a list is made of. */
export interface OutcomeQuery {
  readonly probes: readonly string[];
  /** Milliseconds since 1970, inclusive. */
  readonly sinceMs?: number | undefined;
  /** Milliseconds since 1970, exclusive. */
  readonly untilMs?: number | undefined;
  readonly verdict?: Verdict | undefined;
  /** Default: all that the history knows. */
  readonly locations?: readonly string[] | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after?: Position | undefined;
}
