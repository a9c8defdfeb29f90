import pLimit from 'p-limit';
import type { Probe } from '../config/probe.ts';
import { deviceOf } from './deviceLease.ts';
import { type RunContext, runAndRecord } from './runAndRecord.ts';

/** Few enough that probes do not disturb each other's times, enough that a hundred of them end well before the next tick. */
const probesAtOnce = 8;

/**
 * Runs the probes whose turn it is. Each is recorded as soon as it has ended; one that could not be recorded anywhere is reported
 * and stops none of the others.
 */
export async function runDueProbes(
  probes: readonly Probe[],
  runContext: RunContext,
  reportUnrecorded: (error: unknown) => void,
): Promise<void> {
  const limit = pLimit(probesAtOnce);
  const runInTurn = async (sameDevice: readonly Probe[]) => {
    for (const probe of sameDevice) await runAndRecord(probe, runContext).catch(reportUnrecorded);
  };
  // Those that wait for their device's turn must not take the places of other devices.
  await Promise.all(
    [...Map.groupBy(probes, deviceOf).values()].map((sameDevice) => limit(() => runInTurn(sameDevice))),
  );
}
