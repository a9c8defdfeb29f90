import { minRatePerSecond } from './simulationRequest.ts';

/**
 * When the next device may start, over all instances: every worker reserves its starts in one row. All times are the storage's, so the
 * clocks of two workers are never compared.
 *
 * - Virtual scheduling (the generic cell rate algorithm, ITU-T I.371): the row holds the time of the next free start, and a reservation of
 * k starts advances it by k / rate. Unlike a token bucket, it accumulates no credit while no device runs.
 * - Additive increase, multiplicative decrease (RFC 5681 section 3.1 does the same to a TCP window): a 429 halves the rate, at most once in
 * two seconds or once in the service's retry-after, because all running devices get a 429 from the same overload; no device starts before
 * that retry-after has passed. Each second without a 429 restores 2 % of the requested rate.
 * - Five decreases with more 429 responses than accepted devices since the first of them count as a storm: the simulation stops.
 */
export interface Pace {
  readonly ratePerSecond: number;
  /** Milliseconds since the epoch, like `changedAtMs`. */
  readonly nextStartAtMs: number;
  /** When the rate was last changed. */
  readonly changedAtMs: number;
  /** Until then, further 429 responses belong to the overload that caused the last decrease. */
  readonly holdUntilMs: number;
  /** Counted, like the next two, from the first decrease until the rate is back at the requested one. */
  readonly decreases: number;
  readonly throttled: number;
  readonly accepted: number;
  /** For the report. */
  readonly lowestRatePerSecond: number;
  readonly throttledInAll: number;
}

/** The service's responses to a worker's devices since its last reservation. */
export interface Feedback {
  /** 429 responses. */
  readonly throttled: number;
  /** The longest retry-after among them. */
  readonly retryAfterMs: number;
  /** Devices that ended without a 429. */
  readonly accepted: number;
}

export const noFeedback: Feedback = { throttled: 0, retryAfterMs: 0, accepted: 0 };

const decreaseFactor = 0.5;
const increaseSharePerSecond = 0.02;
const minShare = 0.01;
const minHoldMs = 2000;
/** Limit of a retry-after: the next response can ask for more. */
const maxHoldMs = 60_000;
const stormDecreases = 5;

/** The requested rate, before any feedback. */
export function initialPace(ratePerSecond: number, nowMs: number): Pace {
  return {
    ratePerSecond,
    nextStartAtMs: nowMs,
    changedAtMs: nowMs,
    holdUntilMs: 0,
    decreases: 0,
    throttled: 0,
    accepted: 0,
    lowestRatePerSecond: ratePerSecond,
    throttledInAll: 0,
  };
}

/** Lowers the rate after a 429, otherwise raises it for the time that has passed. */
export function adapt(pace: Pace, askedPerSecond: number, feedback: Feedback, nowMs: number): Pace {
  const updated: Pace = {
    ...pace,
    throttled: pace.throttled + feedback.throttled,
    throttledInAll: pace.throttledInAll + feedback.throttled,
    accepted: pace.accepted + feedback.accepted,
  };
  return feedback.throttled > 0
    ? decrease(updated, askedPerSecond, feedback.retryAfterMs, nowMs)
    : increase(updated, askedPerSecond, nowMs);
}

function decrease(pace: Pace, askedPerSecond: number, retryAfterMs: number, nowMs: number): Pace {
  if (nowMs < pace.holdUntilMs) return pace;
  const holdUntilMs = nowMs + Math.min(maxHoldMs, Math.max(minHoldMs, retryAfterMs));
  const ratePerSecond = Math.max(minRatePerSecond, askedPerSecond * minShare, pace.ratePerSecond * decreaseFactor);
  return {
    ...pace,
    ratePerSecond,
    nextStartAtMs: Math.max(pace.nextStartAtMs, holdUntilMs),
    changedAtMs: holdUntilMs,
    holdUntilMs,
    decreases: pace.decreases + 1,
    lowestRatePerSecond: Math.min(pace.lowestRatePerSecond, ratePerSecond),
  };
}

function increase(pace: Pace, askedPerSecond: number, nowMs: number): Pace {
  if (pace.ratePerSecond >= askedPerSecond) return { ...pace, decreases: 0, throttled: 0, accepted: 0 };
  const quietSeconds = Math.max(0, nowMs - pace.changedAtMs) / 1000;
  return {
    ...pace,
    ratePerSecond: Math.min(
      askedPerSecond,
      pace.ratePerSecond + quietSeconds * increaseSharePerSecond * askedPerSecond,
    ),
    changedAtMs: Math.max(nowMs, pace.changedAtMs),
  };
}

/** Lowering the rate did not help: after five decreases, more 429 responses than accepted devices. The simulation then stops. */
export function isStorm(pace: Pace): boolean {
  return pace.decreases >= stormDecreases && pace.throttled > pace.accepted;
}

/** Reserves the next `count` starts, evenly spaced and none before now. Also returns the time of the start after them. */
export function reserve(
  { ratePerSecond, nextStartAtMs }: Pick<Pace, 'ratePerSecond' | 'nextStartAtMs'>,
  count: number,
  nowMs: number,
): { readonly startsAtMs: readonly number[]; readonly nextStartAtMs: number } {
  const gapMs = 1000 / ratePerSecond;
  const firstAtMs = Math.max(nextStartAtMs, nowMs);
  return {
    startsAtMs: Array.from({ length: count }, (_, i) => firstAtMs + i * gapMs),
    nextStartAtMs: firstAtMs + count * gapMs,
  };
}
