import { monitorEventLoopDelay } from 'node:perf_hooks';

const nanosecondsPerMillisecond = 1e6;

/**
 * Does the work, and tells how long the event loop kept others waiting meanwhile: 99th percentile, in milliseconds. At rest it is the
 * 10 ms between two looks at the clock.
 */
export async function measureEventLoopDelay<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly delayMs: number }> {
  const histogram = monitorEventLoopDelay();
  histogram.enable();
  try {
    const result = await work();
    return { result, delayMs: Math.round(histogram.percentile(99) / nanosecondsPerMillisecond) };
  } finally {
    histogram.disable();
  }
}
