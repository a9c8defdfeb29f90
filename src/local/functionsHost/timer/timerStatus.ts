/**
 * When a timer last ran and is due next. The real host stores this in a blob, so that a run missed while it was down is caught up; this
 * host stores it in a file if it has a folder, otherwise in memory.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const statusSchema = z.object({
  last: z.iso.datetime().nullable(),
  next: z.iso.datetime(),
  lastUpdated: z.iso.datetime(),
});

/** Times are ISO 8601 in UTC; `last` is null before the first run. */
export type TimerStatus = z.infer<typeof statusSchema>;

export interface TimerStatusStore {
  read(functionName: string): Promise<TimerStatus | undefined>;
  write(functionName: string, status: TimerStatus): Promise<void>;
}

export function memoryTimerStatus(): TimerStatusStore {
  const statuses = new Map<string, TimerStatus>();
  return {
    read: async (functionName) => statuses.get(functionName),
    write: async (functionName, status) => {
      statuses.set(functionName, status);
    },
  };
}

/** Ignores a file that cannot be read, parsed or written: a lost status must not stop a timer. */
export function fileTimerStatus(directory: string): TimerStatusStore {
  const file = (functionName: string) => path.join(directory, `${functionName}.json`);
  return {
    async read(functionName) {
      try {
        return statusSchema.parse(JSON.parse(await readFile(file(functionName), 'utf8')));
      } catch {
        return undefined;
      }
    },
    async write(functionName, status) {
      try {
        await mkdir(directory, { recursive: true });
        await writeFile(`${file(functionName)}.new`, JSON.stringify(status));
        await rename(`${file(functionName)}.new`, file(functionName));
      } catch {
        // See above.
      }
    },
  };
}
