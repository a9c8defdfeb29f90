import { cadenceOf } from '../../config/plan/cadence.ts';
import { loadOfScopes } from '../../config/plan/scopeLoad.ts';
import type { Probe } from '../../config/probe.ts';
import type { Settings } from '../../config/settings.ts';
import type { ReadSecret } from '../../probes/credential.ts';
import type { OpenQueues } from '../../storage/openQueues.ts';
import type { OpenTables } from '../../storage/openTables.ts';
import { defaultLimits, type SimulationContext, type SimulationLogLine } from '../simulationContext.ts';
import { createDeviceRunner } from '../worker/deviceRunner.ts';
import { batchQueueName, createBatchQueue } from './batchQueue.ts';
import { createBatchStore } from './batchStore.ts';
import { createDeviceOutcomes } from './deviceOutcomes.ts';
import { createSimulationStore } from './simulationStore.ts';

const simulationsTable = 'simulations';
const devicesTable = 'simulationdevices';

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

/** What simulations work with, from the app's services. Undefined where there is no storage to keep them in. */
export function openSimulations(
  services: SimulationServices,
  invocation: InvocationLog,
): SimulationContext | undefined {
  const { openTable, openQueue, settings, probes, secrets } = services;
  if (!openTable || !openQueue) return undefined;
  const simulations = openTable(simulationsTable);
  const scopes = loadOfScopes(probes, cadenceOf(settings.probeSchedule));
  return {
    simulations: createSimulationStore(simulations),
    batches: createBatchStore(simulations),
    outcomes: createDeviceOutcomes(openTable(devicesTable)),
    queue: createBatchQueue(openQueue(batchQueueName)),
    probes,
    probeRunsPerMinute: (idScope) =>
      scopes.find((scope) => scope.idScope === idScope)?.registrationsInBusiestMinute ?? 0,
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

function write(invocation: InvocationLog, { level, ...line }: SimulationLogLine): void {
  invocation[level](JSON.stringify(line));
}
