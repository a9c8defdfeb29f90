/**
 * Counts of whole numbers in the buckets of an HdrHistogram with three significant digits (hdrhistogram.org): up to 2047 each number has
 * its own, and above that a bucket is at most a thousandth of its numbers wide. Adding two histograms therefore loses nothing.
 *
 * Only buckets that hold something are in memory and in the text: a few hundred of twenty thousand in a day of a probe, and a status page
 * adds up thousands of them.
 */
export interface Histogram {
  readonly count: number;
  /** Whole numbers from 0 to `maxNumber`; one beyond counts as the nearest of them. */
  record(number: number): void;
  /** Adds what `encode` has written. */
  addEncoded(text: string): void;
  /** Base64 of the distance to the bucket before and the count of each bucket, as LEB128. */
  encode(): string;
  /** For each of the rising percentiles the largest number of the bucket that holds its nearest rank. */
  valuesAt(percentiles: readonly number[]): number[];
}

/** 36 minutes in microseconds, ten times as long as any run. */
const maxNumber = 2 ** 31 - 1;
/** Up to 2 ** 11 a bucket holds one number; with each doubling from there on, twice as many. */
const exactBits = 11;
const bucketsPerDoubling = 2 ** (exactBits - 1);

export function createHistogram(): Histogram {
  const counts = new Map<number, number>();
  let total = 0;
  const add = (bucket: number, count: number) => {
    counts.set(bucket, (counts.get(bucket) ?? 0) + count);
    total += count;
  };
  const sorted = () => [...counts].sort(([one], [other]) => one - other);
  return {
    get count() {
      return total;
    },
    record: (number) => add(bucketOf(Math.min(Math.max(number, 0), maxNumber)), 1),
    addEncoded(text) {
      const bytes = Buffer.from(text, 'base64');
      const next = numberReader(bytes);
      for (let bucket = next(); bucket !== undefined; ) {
        add(bucket, next() ?? 0);
        const distance = next();
        bucket = distance === undefined ? undefined : bucket + distance;
      }
    },
    encode() {
      const bytes: number[] = [];
      let before = 0;
      for (const [bucket, count] of sorted()) {
        writeNumber(bytes, bucket - before);
        writeNumber(bytes, count);
        before = bucket;
      }
      return Buffer.from(bytes).toString('base64');
    },
    valuesAt(percentiles) {
      const buckets = sorted();
      let at = 0;
      let seen = buckets[0]?.[1] ?? 0;
      return percentiles.map((percentile) => {
        const rank = Math.ceil((percentile / 100) * total);
        while (seen < rank) seen += buckets[++at]?.[1] ?? Number.POSITIVE_INFINITY;
        return largestIn(buckets[at]?.[0] ?? 0);
      });
    },
  };
}

function bucketOf(number: number): number {
  const doublings = Math.max(0, 32 - Math.clz32(number) - exactBits);
  return doublings * bucketsPerDoubling + (number >>> doublings);
}

function largestIn(bucket: number): number {
  const doublings = Math.max(0, Math.floor(bucket / bucketsPerDoubling) - 1);
  return (bucket - doublings * bucketsPerDoubling + 1) * 2 ** doublings - 1;
}

/** LEB128: seven bits a byte, the lowest first; the eighth is set in all but the last. */
function writeNumber(bytes: number[], number: number): void {
  let rest = number;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
}

/** Undefined after the last number. */
function numberReader(bytes: Uint8Array): () => number | undefined {
  let at = 0;
  return () => {
    let number: number | undefined;
    for (let factor = 1; at < bytes.length; factor *= 0x80) {
      const byte = bytes[at++] ?? 0;
      number = (number ?? 0) + (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    return number;
  };
}
