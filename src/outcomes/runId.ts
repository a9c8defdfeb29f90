import { randomBytes } from 'node:crypto';

/**
 * A UUID version 7 (RFC 9562 §5.7): its first 48 bits are the start of the run, so that a run is found by its id alone without a look
 * through the history.
 */
export function newRunId(startMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(startMs, 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const versionSeven = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Milliseconds since 1970; undefined for an id that `newRunId` did not make. */
export function runStartMs(runId: string): number | undefined {
  const [, high, low] = versionSeven.exec(runId) ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}
