/** One simulated device of a benchmark, in the form that all three clients take. */
export interface BenchDevice {
  readonly host: string;
  readonly port: number;
  readonly idScope: string;
  readonly registrationId: string;
  /** Its own symmetric key, base64. */
  readonly key: string;
}

/** A row of the benchmark table (CONTRACT, `npm run bench -- --json`). */
export interface BenchRow {
  readonly row: string;
  /** Ours to the peer or the floor, in the same run. */
  readonly ratio: number;
  readonly direction: 'atMost' | 'atLeast';
  readonly limit: number;
  readonly ok: boolean;
  /** Distance between the best and the worst repetition's ratio, as a share of the median. */
  readonly spread: number;
}

/** The median of repetitions that were measured in turns, so that a machine whose speed drifts does not favour one side. */
export function benchRow(
  row: string,
  ratios: readonly number[],
  limit: number,
  direction: BenchRow['direction'] = 'atMost',
): BenchRow {
  const sorted = [...ratios].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const spread = ((sorted.at(-1) ?? median) - (sorted[0] ?? median)) / median;
  const ok = direction === 'atMost' ? median <= limit : median >= limit;
  return { row, ratio: round(median), direction, limit, ok, spread: round(spread) };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
