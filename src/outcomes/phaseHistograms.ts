import { type Phase, phases } from '../transport/phase.ts';
import { createHistogram, type Histogram } from './histogram.ts';

/** A phase, or a whole run. */
export type Measured = Phase | 'total';

/** Text for a table row: about 300 characters each. */
export type EncodedHistograms = { readonly [measure in Measured]?: string };

/** Milliseconds, true to three significant digits. */
export interface PhasePercentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export type Percentiles = { readonly [measure in Measured]?: PhasePercentiles };

/** One histogram for each phase, in microseconds. Adding two loses nothing: the percentiles of the sum are those of all its values together. */
export interface PhaseHistograms {
  /** Milliseconds. */
  record(times: { readonly [measure in Measured]?: number }): void;
  addEncoded(encoded: EncodedHistograms): void;
  encode(): EncodedHistograms;
  percentiles(): Percentiles;
}

export const measures: readonly Measured[] = [...phases, 'total'];

/** A histogram counts whole numbers. */
const microsecondsPerMillisecond = 1000;

export function newHistograms(): PhaseHistograms {
  const histograms = new Map<Measured, Histogram>();
  const histogramOf = (measure: Measured): Histogram => {
    const present = histograms.get(measure);
    if (present) return present;
    const histogram = createHistogram();
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
        histogramOf(measure).record(Math.round(durationMs * microsecondsPerMillisecond));
      }
    },
    addEncoded(encoded) {
      for (const measure of measures) {
        const text = encoded[measure];
        if (text !== undefined) histogramOf(measure).addEncoded(text);
      }
    },
    encode: () => eachMeasured((histogram) => histogram.encode()),
    percentiles: () => eachMeasured(percentilesOf),
  };
}

function percentilesOf(histogram: Histogram): PhasePercentiles {
  const times = histogram.valuesAt([50, 90, 95, 99, 100]).map((value) => value / microsecondsPerMillisecond);
  const [p50 = 0, p90 = 0, p95 = 0, p99 = 0, max = 0] = times;
  return { count: histogram.count, p50, p90, p95, p99, max };
}
