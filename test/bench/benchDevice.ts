/** One simulated device of a benchmark, in the form that all clients take. */
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
  /** Ours to the base that the row names, in the same run. */
  readonly ratio: number;
  /** Whether the ratio should stay below or above the limit. */
  readonly direction: 'atMost' | 'atLeast';
  readonly limit: number;
  /** The median is within the limit, and its uncertainty does not reach beyond it. */
  readonly ok: boolean;
  /** Distance between the quartiles of the rounds' ratios, as a share of the median. */
  readonly spread: number;
}

export interface BenchLimit {
  readonly limit: number;
  readonly direction?: BenchRow['direction'];
}

/** The median of many short rounds that were measured alternately, so that changes in the speed of the machine affect both sides. */
export function benchRow(
  row: string,
  ratios: readonly number[],
  { limit, direction = 'atMost' }: BenchLimit,
): BenchRow {
  const median = quantile(ratios, 0.5);
  const spread = (quantile(ratios, 0.75) - quantile(ratios, 0.25)) / median;
  // About the standard error of a median of as many rounds.
  const uncertainty = (0.93 * spread * median) / Math.sqrt(ratios.length);
  const beyond = direction === 'atMost' ? median + uncertainty - limit : limit - (median - uncertainty);
  return { row, ratio: round(median), direction, limit, ok: beyond <= 0, spread: round(spread) };
}

/** Linear between the neighbours; NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
