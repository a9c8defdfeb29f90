/** Time that advances only when everything waits: then the next event happens at once. */
export interface VirtualTime {
  /** Milliseconds. */
  now(): number;
  sleep(durationMs: number): Promise<void>;
  /** Advances the time until there are no waiting timers. */
  run(): Promise<void>;
}

export function createVirtualTime(): VirtualTime {
  let nowMs = 0;
  let count = 0;
  const events: { readonly atMs: number; readonly order: number; readonly resume: () => void }[] = [];
  return {
    now: () => nowMs,
    sleep: (durationMs) =>
      new Promise((resume) => {
        events.push({ atMs: nowMs + Math.max(0, durationMs), order: count, resume });
        count += 1;
      }),
    async run() {
      for (;;) {
        // Run everything that is ready first.
        await new Promise((resume) => setImmediate(resume));
        events.sort((one, other) => one.atMs - other.atMs || one.order - other.order);
        const next = events.shift();
        if (!next) return;
        nowMs = next.atMs;
        next.resume();
      }
    },
  };
}
