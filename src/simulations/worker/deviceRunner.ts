import { judgeRun } from '../../outcomes/judgeRun.ts';
import type { ReadSecret } from '../../probes/credential.ts';
import { runProbe } from '../../probes/runProbe.ts';
import { createTlsSessions } from '../../transport/tlsSessions.ts';
import type { DeviceRunnerOptions, RunDevice } from '../simulationContext.ts';

/**
 * Runs devices as probes, one like the other. The group's key is read from the vault once for a batch, with the first device: a
 * thousand reads of one secret would measure, and throttle, the vault.
 */
export function createDeviceRunner(
  readSecret: ReadSecret,
  location: string,
  reportUnexpected: (stack: string) => void,
  { configuredHubs, reuseTlsSessions, onThrottled }: DeviceRunnerOptions,
): RunDevice {
  const readOnce = onceForEachName(readSecret);
  const tlsSessions = reuseTlsSessions ? createTlsSessions() : undefined;
  return async (probe) => {
    const facts = await runProbe(probe, {
      readSecret: readOnce,
      configuredHubs,
      tlsSessions,
      onThrottled: (retryAfterSeconds) => onThrottled(retryAfterSeconds * 1000),
      reportUnexpected,
    });
    return judgeRun(probe, facts, { trigger: 'simulation', location });
  };
}

/** What could not be read is asked for again by the next device. */
function onceForEachName(readSecret: ReadSecret): ReadSecret {
  const reads = new Map<string, ReturnType<ReadSecret>>();
  return (name, signal) => {
    const read = reads.get(name) ?? readSecret(name, signal);
    reads.set(name, read);
    void read.then(({ kind }) => kind !== 'found' && reads.delete(name));
    return read;
  };
}
