import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { type Phase, phases } from '../transport/phase.ts';

/** A phase, or a whole run. */
export type Measured = Phase | 'total';

/** Text for a table row: about 300 characters each. */
export type EncodedHistograms = { readonly [measure in Measured]?: string };

/** Milliseconds, with three significant digits. */
export interface PhasePercentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export type Percentiles = { readonly [measure in Measured]?: PhasePercentiles };

/** One HdrHistogram for each phase. Adding two is exact: the percentiles of the sum are those of all values together. */
export interface PhaseHistograms {
  /** Milliseconds. */
  record(times: { readonly [measure in Measured]?: number }): void;
  addEncoded(encoded: EncodedHistograms): void;
  encode(): EncodedHistograms;
  percentiles(): Percentiles;
}

export const measures: readonly Measured[] = [...phases, 'total'];

/** HdrHistogram needs whole numbers. */
const microsecondsPerMillisecond = 1000;

export function newHistograms(): PhaseHistograms {
  const histograms = new Map<Measured, Histogram>();
  const histogramOf = (measure: Measured): Histogram => {
    const present = histograms.get(measure);
    if (present) return present;
    const histogram = build({ autoResize: true, numberOfSignificantValueDigits: 3, bitBucketSize: 32 });
    histograms.set(measure, histogram);
    return histogram;
  };
  const eachMeasured = <Value>(each: (histogram: Histogram) => Value) =>
    Object.fromEntries(
      measures.flatMap((measure) => {
        const histogram = histograms.get(measure);
        return histogram ? [[measure, each(histogram)] as const] : [];
      }),
    );
  return {
    record(times) {
      for (const measure of measures) {
        const durationMs = times[measure];
        if (durationMs === undefined) continue;
        histogramOf(measure).recordValue(Math.max(0, Math.round(durationMs * microsecondsPerMillisecond)));
      }
    },
    addEncoded(encoded) {
      for (const measure of measures) {
        const text = encoded[measure];
        if (text !== undefined) histogramOf(measure).add(decodeFromCompressedBase64(text));
      }
    },
    encode: () => eachMeasured(encodeIntoCompressedBase64),
    percentiles: () => eachMeasured(percentilesOf),
  };
}

function percentilesOf(histogram: Histogram): PhasePercentiles {
  // A bucket's upper end can be above its largest value.
  const at = (percentile: number) =>
    Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue) / microsecondsPerMillisecond;
  return { count: histogram.totalCount, p50: at(50), p90: at(90), p95: at(95), p99: at(99), max: at(100) };
}
