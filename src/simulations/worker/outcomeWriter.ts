import { type DeviceOutcome, mostDevicesAtOnce } from '../store/deviceOutcomes.ts';

/**
 * Group commit: while one write is under way, outcomes gather, and the next write takes them together. No timer, so an outcome waits
 * at most for the write before its own; the more devices end at once, the fewer writes each needs.
 */
export interface OutcomeWriter {
  /** Resolves when the outcome is stored, rejects when it could not be. */
  write(device: DeviceOutcome): Promise<void>;
}

interface Waiting {
  readonly device: DeviceOutcome;
  readonly stored: () => void;
  readonly failed: (error: unknown) => void;
}

export function createOutcomeWriter(insert: (devices: readonly DeviceOutcome[]) => Promise<void>): OutcomeWriter {
  const waiting: Waiting[] = [];
  let writing = false;

  const writeAll = async () => {
    writing = true;
    while (waiting.length > 0) {
      const group = waiting.splice(0, mostDevicesAtOnce);
      try {
        await insert(group.map(({ device }) => device));
        for (const { stored } of group) stored();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    writing = false;
  };

  return {
    write: (device) =>
      new Promise((stored, failed) => {
        waiting.push({ device, stored, failed });
        if (!writing) void writeAll();
      }),
  };
}
