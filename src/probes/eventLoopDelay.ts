/** For how long the event loop of this process was blocked during a run, in milliseconds. */
export interface EventLoopDelay {
  readonly longestMs: number;
  readonly totalMs: number;
}

/** Between two looks at the clock. A look that comes later was delayed. */
const intervalMs = 50;
/** Timers of a process at rest are late by a few milliseconds. */
const ignoredMs = 20;

interface Watch {
  readonly startMs: number;
  longestMs: number;
  totalMs: number;
}

const watches = new Set<Watch>();
let lastLookMs = 0;
let timer: NodeJS.Timeout | undefined;

/** Does the work and measures meanwhile. One timer serves all runs of the process. */
export async function measureEventLoopDelay<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly delay: EventLoopDelay }> {
  const startMs = performance.now();
  const watch: Watch = { startMs, longestMs: 0, totalMs: 0 };
  watches.add(watch);
  if (!timer) {
    lastLookMs = startMs;
    timer = setInterval(look, intervalMs).unref();
  }
  try {
    const result = await work();
    // A run may end before the look that is late.
    add(watch, performance.now());
    return { result, delay: watch };
  } finally {
    watches.delete(watch);
    if (watches.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }
}

function look(): void {
  const nowMs = performance.now();
  for (const watch of watches) add(watch, nowMs);
  lastLookMs = nowMs;
}

/** Counts what passed since the last look, as far as it is within the run. */
function add(watch: Watch, nowMs: number): void {
  const delayMs = Math.min(nowMs - lastLookMs - intervalMs, nowMs - watch.startMs);
  if (delayMs <= ignoredMs) return;
  watch.longestMs = Math.max(watch.longestMs, delayMs);
  watch.totalMs += delayMs;
}
