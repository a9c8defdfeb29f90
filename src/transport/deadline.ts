/** The one deadline of a run: made in one place and handed down. */
export interface Deadline {
  /** Aborts when the time is up, or when the caller gives up earlier. */
  readonly signal: AbortSignal;
  /** Milliseconds that are left; 0 once it has passed. */
  remainingMs(): number;
  /** Aborts what is still open, and leaves no timer behind. Call it when the run has ended. */
  end(): void;
}

/** One for all: the one that Node makes for each signal has a stack, which costs a hundredth of a registration and is never read. */
const ended = new DOMException('the run has ended', 'AbortError');

/** @param giveUp aborts the run before its time, as for a cancelled simulation or a host that shuts down. */
export function createDeadline(timeoutMs: number, giveUp?: AbortSignal): Deadline {
  const controller = new AbortController();
  const endsAt = performance.now() + timeoutMs;
  const abort = () => controller.abort(ended);
  const timer = setTimeout(abort, timeoutMs);
  if (giveUp?.aborted) abort();
  giveUp?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    remainingMs: () => (controller.signal.aborted ? 0 : Math.max(0, endsAt - performance.now())),
    end: () => {
      clearTimeout(timer);
      giveUp?.removeEventListener('abort', abort);
      abort();
    },
  };
}
