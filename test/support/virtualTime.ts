/** Time that passes only when everything waits: the next event comes at once, however far away it is. */
export interface VirtualTime {
  /** Milliseconds. */
  now(): number;
  sleep(durationMs: number): Promise<void>;
  /** Lets time pass until nothing waits any more. */
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
        // All that is ready goes first.
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
