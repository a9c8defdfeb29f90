import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adapt, initialPace, isStorm, noFeedback, type Pace, reserve } from '../../src/simulations/pace.ts';

const requestedRate = 16;
const throttled = { throttled: 1, retryAfterMs: 0, accepted: 0 };

/** The pace after a 429 at each of these times and no other response. */
function after429At(times: readonly number[], retryAfterMs = 0): Pace {
  return times.reduce(
    (pace, atMs) => adapt(pace, requestedRate, { ...throttled, retryAfterMs }, atMs),
    initialPace(requestedRate, 0),
  );
}

describe('reserved starts', () => {
  it('are never closer than the rate allows, for any portions and times of the requests', () => {
    const asks = fc.array(
      fc.record({ count: fc.integer({ min: 1, max: 40 }), afterMs: fc.integer({ min: 0, max: 5000 }) }),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(asks, fc.double({ min: 0.1, max: 1000, noNaN: true }), (portions, rate) => {
        let nowMs = 1_000_000;
        let nextStartAtMs = nowMs;
        const starts: number[] = [];
        for (const { count, afterMs } of portions) {
          nowMs += afterMs;
          const reserved = reserve({ ratePerSecond: rate, nextStartAtMs }, count, nowMs);
          expect(reserved.startsAtMs[0]).toBeGreaterThanOrEqual(nowMs);
          starts.push(...reserved.startsAtMs);
          ({ nextStartAtMs } = reserved);
        }
        const gaps = starts.slice(1).map((at, i) => at - (starts[i] ?? 0));
        expect(Math.min(Number.POSITIVE_INFINITY, ...gaps)).toBeGreaterThanOrEqual(1000 / rate - 0.01);
      }),
    );
  });

  it('do not accumulate while no worker reserves', () => {
    const { startsAtMs } = reserve({ ratePerSecond: 10, nextStartAtMs: 0 }, 3, 60_000);
    expect(startsAtMs).toEqual([60_000, 60_100, 60_200]);
  });
});

describe('a 429', () => {
  it.each([
    ['halves the rate', [1000], 0, 8],
    ['together with others of the same overload halves it once', [1000, 1500, 2999], 0, 8],
    ['after two seconds halves it again', [1000, 3000], 0, 4],
    ['within the retry-after belongs to the same overload', [1000, 5000, 10_999], 10_000, 8],
    ['after the retry-after is another one', [1000, 11_000], 10_000, 4],
    ['with a retry-after of an hour is believed for a minute', [1000, 61_000], 3_600_000, 4],
  ])('%s', (_, times, retryAfterMs, rate) => {
    expect(after429At(times, retryAfterMs).ratePerSecond).toBe(rate);
  });

  it('allows no start before the retry-after has passed', () => {
    const pace = after429At([1000], 10_000);
    expect(reserve(pace, 1, 1500).startsAtMs).toEqual([11_000]);
  });

  it('never reduces the rate to zero', () => {
    expect(after429At(Array.from({ length: 50 }, (_, i) => i * 2000)).ratePerSecond).toBeGreaterThanOrEqual(0.1);
  });
});

describe('a quiet time', () => {
  it('increases by 2 % of the requested rate each second, up to the requested rate', () => {
    const slowed = after429At([1000]);
    expect(adapt(slowed, requestedRate, noFeedback, 13_000).ratePerSecond).toBeCloseTo(8 + 10 * 0.32);
    expect(adapt(slowed, requestedRate, noFeedback, 1_000_000).ratePerSecond).toBe(requestedRate);
  });

  it('increases by the same in many small steps as in one', () => {
    let pace = after429At([1000]);
    for (let nowMs = 1000; nowMs <= 13_000; nowMs += 7) pace = adapt(pace, requestedRate, noFeedback, nowMs);
    expect(pace.ratePerSecond).toBeCloseTo(11.2, 1);
  });
});

describe('a storm', () => {
  const minute = [0, 2000, 4000, 6000, 8000];
  it('is five decreases without an accepted device', () => {
    expect(isStorm(after429At(minute.slice(0, 4)))).toBe(false);
    expect(isStorm(after429At(minute))).toBe(true);
  });

  it('does not exist while more devices are accepted than refused', () => {
    const pace = minute.reduce(
      (p, atMs) => adapt(p, requestedRate, { ...throttled, accepted: 2 }, atMs),
      initialPace(requestedRate, 0),
    );
    expect(isStorm(pace)).toBe(false);
  });

  it('is forgotten when the rate is back at the requested one', () => {
    const recovered = adapt(after429At(minute.slice(0, 4)), requestedRate, noFeedback, 1_000_000);
    expect(
      isStorm(adapt(adapt(recovered, requestedRate, noFeedback, 1_001_000), requestedRate, throttled, 1_002_000)),
    ).toBe(false);
  });
});
