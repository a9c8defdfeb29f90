import pLimit from 'p-limit';
import type { Probe } from '../config/probe.ts';
import { type Observation, observeProbe } from './observeProbe.ts';

/** Few enough that probes do not disturb each other's times, enough that a hundred of them end well before the next tick. */
const probesAtOnce = 8;

/**
 * Runs the probes whose turn it is. Each is recorded as soon as it has ended; one that could not be recorded anywhere is reported
 * and stops none of the others.
 */
export async function runRound(
  probes: readonly Probe[],
  observation: Observation,
  reportUnrecorded: (error: unknown) => void,
): Promise<void> {
  const limit = pLimit(probesAtOnce);
  const runInTurn = async (sameDevice: readonly Probe[]) => {
    for (const probe of sameDevice) await observeProbe(probe, observation).catch(reportUnrecorded);
  };
  await Promise.all([...byDevice(probes).values()].map((sameDevice) => limit(() => runInTurn(sameDevice))));
}

/** A server closes a device's first connection when its second comes ([MQTT-3.1.4-2]): probes that play one device take turns. */
function byDevice(probes: readonly Probe[]): Map<string, Probe[]> {
  return Map.groupBy(probes, ({ idScope, registrationId }) => `${idScope}/${registrationId.toLowerCase()}`);
}
