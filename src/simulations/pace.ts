/**
 * When the next device may start, for all instances together: one row that every worker reserves its starts in.
 *
 * - Virtual scheduling (the generic cell rate algorithm, ITU-T I.371): the row holds the time of the next free start, and a
 *   reservation of k starts moves it on by k / rate. No token bucket, so nothing is saved up while nobody runs.
 * - Additive increase, multiplicative decrease (RFC 5681 section 3.1 does the same to a TCP window): a 429 halves the rate, at
 *   most once in two seconds or once in the service's retry-after, because the devices already under way all hear of one and the
 *   same overload; nobody starts before that retry-after has passed. Each second without a 429 gives back 2 % of the
 *   rate that was asked for.
 * - A storm is five decreases, with more 429 answers than devices let in since the first of them: the simulation stops.
 */
export interface Pace {
  readonly ratePerSecond: number;
  /** Milliseconds since the epoch, like `changedAtMs`. */
  readonly nextStartAtMs: number;
  /** When the rate was last changed. */
  readonly changedAtMs: number;
  /** Until then, further 429 answers belong to the overload that the last decrease has already answered. */
  readonly holdUntilMs: number;
  /** Like the next two, counted from the first decrease until the rate is back at what was asked for. */
  readonly decreases: number;
  readonly throttled: number;
  readonly accepted: number;
  /** Kept for the report. */
  readonly lowestRatePerSecond: number;
  readonly throttledInAll: number;
}

/** What a worker has heard from the service since its last reservation. */
export interface Feedback {
  /** 429 answers. */
  readonly throttled: number;
  /** Longest retry-after among them. */
  readonly retryAfterMs: number;
  /** Devices that ended without one. */
  readonly accepted: number;
}

export const noFeedback: Feedback = { throttled: 0, retryAfterMs: 0, accepted: 0 };

const decreaseFactor = 0.5;
const increaseSharePerSecond = 0.02;
/** A batch must end within the host's function timeout, so the gap between two starts is bounded: 10 s. */
export const lowestRatePerSecond = 0.1;
const lowestShare = 0.01;
const shortestHoldMs = 2000;
/** A service that asks for more than this is believed for this long: the next answer can ask again. */
const longestHoldMs = 60_000;
const stormDecreases = 5;

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

/** Takes in what was heard: slower after a 429, otherwise faster by the time that has passed. `nowMs` is the worker's clock. */
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
  const holdUntilMs = nowMs + Math.min(longestHoldMs, Math.max(shortestHoldMs, retryAfterMs));
  const ratePerSecond = Math.max(
    lowestRatePerSecond,
    askedPerSecond * lowestShare,
    pace.ratePerSecond * decreaseFactor,
  );
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

export function isStorm(pace: Pace): boolean {
  return pace.decreases >= stormDecreases && pace.throttled > pace.accepted;
}

/** The next `count` starts, evenly spaced, none before now; and the time of the start after them. */
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
