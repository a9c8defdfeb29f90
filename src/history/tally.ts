import { type Verdict, verdicts } from '../outcomes/outcome.ts';
import { type EncodedHistograms, newHistograms, type PhaseHistograms } from '../outcomes/phaseHistograms.ts';
import type { RunSummary } from './outcomeRow.ts';

/** Number of runs by verdict, and of missed scheduled runs. */
export type RunCounts = { readonly [counted in Verdict | 'missed']: number };

export const countedNames = [...verdicts, 'missed'] as const;

/** Counts and encoded histograms of a number of runs. Adding two tallies is exact. */
export interface RunTally {
  readonly counts: RunCounts;
  readonly histograms: EncodedHistograms;
}

export interface RunTallyBuilder {
  addRun(run: Pick<RunSummary, 'verdict' | 'durationMs' | 'phases'>): void;
  addMissed(count: number): void;
  addTally(tally: RunTally): void;
  counts(): RunCounts;
  readonly histograms: PhaseHistograms;
}

export function newTally(): RunTallyBuilder {
  const counts = { healthy: 0, degraded: 0, failing: 0, unknown: 0, missed: 0 };
  const histograms = newHistograms();
  return {
    histograms,
    addRun({ verdict, durationMs, phases }) {
      counts[verdict] += 1;
      histograms.record({ ...phases, total: durationMs });
    },
    addMissed(count) {
      counts.missed += count;
    },
    addTally(tally) {
      for (const name of countedNames) counts[name] += tally.counts[name];
      histograms.addEncoded(tally.histograms);
    },
    counts: () => ({ ...counts }),
  };
}
