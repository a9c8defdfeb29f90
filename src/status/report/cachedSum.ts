import { createHash } from 'node:crypto';
import { newTally, type RunTally } from '../../history/tally.ts';

/** Three windows of 300 probes. A sum is about 20 KB of text. */
const maxSums = 1_000;
const sums = new Map<string, RunTally>();

/**
 * Adds up tallies, and caches the sum by their contents. The past hours and days of a window are the same for each request of the page,
 * and reading their histograms is nearly all of the page's work.
 */
export function cachedSum(tallies: readonly RunTally[]): RunTally {
  const key = digestOf(tallies);
  const known = sums.get(key);
  if (known) return known;
  const builder = newTally();
  for (const tally of tallies) builder.addTally(tally);
  const sum = { counts: builder.counts(), histograms: builder.histograms.encode() };
  const [oldest] = sums.keys();
  if (sums.size >= maxSums && oldest !== undefined) sums.delete(oldest);
  sums.set(key, sum);
  return sum;
}

function digestOf(tallies: readonly RunTally[]): string {
  const hash = createHash('sha256');
  for (const { counts, histograms } of tallies) hash.update(JSON.stringify([counts, histograms]));
  return hash.digest('base64');
}
