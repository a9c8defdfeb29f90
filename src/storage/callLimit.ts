import { statusOf } from './storageResponse.ts';

/** Limits of one call. */
export interface CallOptions {
  /** Ends the call early. */
  readonly signal?: AbortSignal | undefined;
  /** Default: 10 s, and 2 s after a call to which the storage did not respond. */
  readonly limitMs?: number | undefined;
}

/** Of one call, or of one page of a query. */
const defaultLimitMs = 10_000;
/** After a call without a response, until the storage responds again: the next caller has no reason to wait as long. */
const stalledLimitMs = 2_000;

export type CallLimiter = <Value>(
  options: CallOptions,
  start: (signal: AbortSignal) => Promise<Value>,
) => Promise<Value>;

/** For the calls to one storage account. */
export function createCallLimiter(): CallLimiter {
  let isStalled = false;
  return async ({ signal, limitMs = isStalled ? stalledLimitMs : defaultLimitMs }, start) => {
    try {
      const value = await withCallLimit(limitMs, signal, start);
      isStalled = false;
      return value;
    } catch (error) {
      isStalled = statusOf(error) === undefined;
      throw error;
    }
  };
}

/**
 * Waits for `start`, but not beyond the time limit or the caller's signal. The race covers what a client library does before it looks at
 * a signal, such as loading itself and fetching a token.
 *
 * Rejects with the `TimeoutError` or the signal's own reason.
 */
async function withCallLimit<Value>(
  limitMs: number,
  signal: AbortSignal | undefined,
  start: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const end = (reason: unknown) => {
    reject(reason);
    controller.abort(reason);
  };
  const endByCaller = () => end(signal?.reason);
  const timer = setTimeout(() => end(timeoutError(limitMs)), limitMs);
  signal?.addEventListener('abort', endByCaller, { once: true });
  const value = start(controller.signal);
  // The loser of the race may reject later, when no caller is left to see it.
  value.catch(() => undefined);
  aborted.catch(() => undefined);
  try {
    return await Promise.race([value, aborted]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', endByCaller);
  }
}

function timeoutError(limitMs: number): DOMException {
  return new DOMException(`no response within ${limitMs} ms`, 'TimeoutError');
}
