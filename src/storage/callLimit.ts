import { statusOf } from './storageResponse.ts';

/** Limits of one call. */
export interface CallOptions {
  /** Ends the call early. */
  readonly signal?: AbortSignal | undefined;
  /** Default: 10 s; 2 s if the storage did not respond to the last call. */
  readonly limitMs?: number | undefined;
}

/** For one call, or one page of a query. */
const defaultLimitMs = 10_000;
/** After a call without a response, until the storage responds again: the next call will probably fail, too. */
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
