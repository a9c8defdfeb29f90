import type { HostLog, HostLogEntry } from '../../src/local/functionsHost/hostLog.ts';

export interface CollectedLog {
  readonly onLog: HostLog;
  readonly entries: readonly HostLogEntry[];
  /** Resolves with the first past or future entry whose message matches. */
  next(message: RegExp): Promise<HostLogEntry>;
}

/** A functions host's log that a test can wait on. */
export function collectLog(): CollectedLog {
  const entries: HostLogEntry[] = [];
  const waiting = new Set<(entry: HostLogEntry) => void>();
  return {
    entries,
    onLog(entry) {
      entries.push(entry);
      for (const notify of waiting) notify(entry);
    },
    next(message) {
      const known = entries.find((entry) => message.test(entry.message));
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve) => {
        const notify = (entry: HostLogEntry) => {
          if (!message.test(entry.message)) return;
          waiting.delete(notify);
          resolve(entry);
        };
        waiting.add(notify);
      });
    },
  };
}
