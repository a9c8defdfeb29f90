/** How long this process's event loop was blocked during a run, in milliseconds. */
export interface EventLoopDelay {
  readonly longestMs: number;
  readonly totalMs: number;
}

/** Between two clock readings. A later reading means that the event loop was blocked. */
const intervalMs = 50;
/** Timers of an idle process are late by a few milliseconds. */
const ignoredMs = 20;

interface Watch {
  readonly startMs: number;
  longestMs: number;
  totalMs: number;
}

const watches = new Set<Watch>();
let lastReadingMs = 0;
let timer: NodeJS.Timeout | undefined;

/** Measures while `work` runs. One timer serves all runs of the process. */
export async function measureEventLoopDelay<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly delay: EventLoopDelay }> {
  const startMs = performance.now();
  const watch: Watch = { startMs, longestMs: 0, totalMs: 0 };
  watches.add(watch);
  if (!timer) {
    lastReadingMs = startMs;
    timer = setInterval(readClock, intervalMs).unref();
  }
  try {
    const result = await work();
    // The run may end before the delayed reading.
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

function readClock(): void {
  const nowMs = performance.now();
  for (const watch of watches) add(watch, nowMs);
  lastReadingMs = nowMs;
}

/** Counts the delay since the last reading, as far as it is within the run. */
function add(watch: Watch, nowMs: number): void {
  const delayMs = Math.min(nowMs - lastReadingMs - intervalMs, nowMs - watch.startMs);
  if (delayMs <= ignoredMs) return;
  watch.longestMs = Math.max(watch.longestMs, delayMs);
  watch.totalMs += delayMs;
}
