/** The one deadline of a run: created in one place and passed down. */
export interface Deadline {
  /** Aborts when the time is up, or earlier when the caller gives up. */
  readonly signal: AbortSignal;
  /** Milliseconds that are left; 0 once it has passed. */
  remainingMs(): number;
  /** Aborts what is still open and clears the timer. Call it when the run has ended. */
  end(): void;
}

/** Shared: the reason that Node creates for each signal has a stack, which costs a hundredth of a registration and is never read. */
const ended = new DOMException('the run has ended', 'AbortError');

/** @param giveUp aborts the run early, for example when a simulation is cancelled or the host shuts down. */
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
