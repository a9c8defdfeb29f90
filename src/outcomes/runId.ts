import { randomUUID } from 'node:crypto';

/**
 * A UUID version 7 (RFC 9562 §5.7): its first 48 bits are the start of the run, so that the history finds a run by its ID without a search.
 */
export function newRunId(startMs: number): string {
  const time = startMs.toString(16).padStart(12, '0');
  // Version 4 has its random bits and its variant in the same positions.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

const versionSeven = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Milliseconds since 1970; undefined for an ID that `newRunId` did not make. */
export function runStartMs(runId: string): number | undefined {
  const [, high, low] = versionSeven.exec(runId) ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}
