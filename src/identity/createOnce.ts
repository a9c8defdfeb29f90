/** Starts on the first call and shares the promise. Rejects with what starting threw; the next call then starts again. */
export interface CreatedOnce<Value> {
  (): Promise<Value>;
  /** The next call starts again. */
  forget(): void;
}

/** Starts something once and keeps it, and never keeps a failure: a first attempt that failed must not be the last one. */
export function createOnce<Value>(start: () => Promise<Value>): CreatedOnce<Value> {
  let started: Promise<Value> | undefined;
  const kept = (): Promise<Value> => {
    if (started) return started;
    const starting = start();
    started = starting;
    starting.catch(() => {
      if (started === starting) started = undefined;
    });
    return starting;
  };
  return Object.assign(kept, {
    forget: () => {
      started = undefined;
    },
  });
}
