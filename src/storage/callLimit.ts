import { statusOf } from './storageResponse.ts';

/** Limits of one call. */
export interface CallOptions {
  /** Ends the call early. */
  readonly signal?: AbortSignal | undefined;
  /** Default: 10 s. */
  readonly limitMs?: number | undefined;
  /** Used in place of a longer `limitMs` if the storage did not respond to the last call. Default: 2 s. */
  readonly stalledLimitMs?: number | undefined;
}

/** For one call, or one page of a query. */
const defaultLimitMs = 10_000;
/** The next call will probably fail, too. */
const defaultStalledLimitMs = 2_000;

export type CallLimiter = <Value>(
  options: CallOptions,
  start: (signal: AbortSignal) => Promise<Value>,
) => Promise<Value>;

/** For the calls to one storage account. */
export function createCallLimiter(): CallLimiter {
  let isStalled = false;
  return async ({ signal, limitMs = defaultLimitMs, stalledLimitMs = defaultStalledLimitMs }, start) => {
    // A call that did not start shows nothing about the storage, so `isStalled` must not change.
    signal?.throwIfAborted();
    try {
      const value = await withCallLimit(isStalled ? Math.min(limitMs, stalledLimitMs) : limitMs, signal, start);
      isStalled = false;
      return value;
    } catch (error) {
      isStalled = statusOf(error) === undefined;
      throw error;
    }
  };
}

/**
 * Waits for `start` until the time limit or the caller's signal. Uses a race, because client libraries ignore the signal while they load or
 * fetch a token.
 *
 * Rejects with the `TimeoutError` or the signal's own reason.
 */
async function withCallLimit<Value>(
  limitMs: number,
  signal: AbortSignal | undefined,
  start: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
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
  // The loser of the race may reject later, which must not be an unhandled rejection.
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
