import { cadenceOf } from '../../config/plan/cadence.ts';
import { loadOfScopes } from '../../config/plan/scopeLoad.ts';
import type { Probe } from '../../config/probe.ts';
import type { Settings } from '../../config/settings.ts';
import { judgeRun } from '../../outcomes/judgeRun.ts';
import type { ReadSecret } from '../../probes/credential.ts';
import { runProbe } from '../../probes/runProbe.ts';
import type { OpenQueues } from '../../storage/openQueues.ts';
import type { OpenTables } from '../../storage/openTables.ts';
import { createTlsSessions } from '../../transport/tlsSessions.ts';
import type {
  DeviceRunnerOptions,
  RunDevice,
  SimulationContext,
  SimulationLogLine,
  WorkerLimits,
} from '../simulationContext.ts';
import { batchQueueName, createBatchQueue, createBatchStore } from './batchStore.ts';
import { createDeviceOutcomes } from './deviceOutcomes.ts';
import { createSimulationStore } from './simulationStore.ts';

const simulationsTable = 'simulations';
const devicesTable = 'simulationdevices';

export const defaultLimits: WorkerLimits = {
  devicesAtOnce: 250,
  leaseMs: 30_000,
  releaseAfterMs: 180_000,
  claims: 5,
  resendAfterMs: 120_000,
  watchEverySeconds: 30,
};

/** The services of the app that simulations need. */
interface SimulationServices {
  readonly settings: Settings;
  readonly probes: readonly Probe[];
  readonly secrets: { readonly read: ReadSecret };
  readonly openTable?: OpenTables;
  readonly openQueue?: OpenQueues;
}

/** The log of one invocation. */
type InvocationLog = { readonly [level in SimulationLogLine['level']]: (...parts: unknown[]) => void };

/** Creates the simulation context from the app's services. Undefined when no storage is configured. */
export function openSimulations(
  services: SimulationServices,
  invocation: InvocationLog,
): SimulationContext | undefined {
  const { openTable, openQueue, settings, probes, secrets } = services;
  if (!openTable || !openQueue) return undefined;
  const simulations = openTable(simulationsTable);
  return {
    simulations: createSimulationStore(simulations, (name) =>
      invocation.warn(
        `Simulations: ${name} is left out, because another program or another version of this app wrote it`,
      ),
    ),
    batches: createBatchStore(simulations),
    outcomes: createDeviceOutcomes(openTable(devicesTable)),
    queue: createBatchQueue(openQueue(batchQueueName)),
    probes,
    probeRunsPerMinute: (idScope) => probeRunsOf(settings, probes).get(idScope) ?? 0,
    location: settings.location,
    createDeviceRunner: (options) =>
      createDeviceRunner(
        secrets.read,
        settings.location,
        (stack) => invocation.error(`Simulated device: unexpected error: ${stack}`),
        options,
      ),
    log: (line) => write(invocation, line),
    limits: defaultLimits,
  };
}

type RunsPerMinute = ReadonlyMap<string, number>;
const knownRuns = new WeakMap<readonly Probe[], RunsPerMinute>();

/** Runs per minute by ID scope. Cached for each configuration, because computing it is slow and every request and batch needs it. */
function probeRunsOf({ probeSchedule }: Settings, probes: readonly Probe[]): RunsPerMinute {
  const known = knownRuns.get(probes);
  if (known) return known;
  const runs = new Map(
    loadOfScopes(probes, cadenceOf(probeSchedule)).map((scope) => [scope.idScope, scope.registrationsInBusiestMinute]),
  );
  knownRuns.set(probes, runs);
  return runs;
}

function write(invocation: InvocationLog, { level, ...line }: SimulationLogLine): void {
  invocation[level](JSON.stringify(line));
}

/**
 * Runs each device as a probe. The group's key is read from the vault once for each batch: thousands of reads would measure the vault, and
 * be throttled.
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
      lightIdentityCheck: true,
      onThrottled: (retryAfterSeconds) => onThrottled(retryAfterSeconds * 1000),
      reportUnexpected,
    });
    return judgeRun(probe, facts, { trigger: 'simulation', location });
  };
}

/** After a failed read, the next device reads again. */
function onceForEachName(readSecret: ReadSecret): ReadSecret {
  const reads = new Map<string, ReturnType<ReadSecret>>();
  return (name, signal) => {
    const read = reads.get(name) ?? readSecret(name, signal);
    reads.set(name, read);
    void read.then(({ kind }) => kind !== 'found' && reads.delete(name));
    return read;
  };
}
