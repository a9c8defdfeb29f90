import type { InvocationContext } from '@azure/functions';
import type { Services } from '../../app/services.ts';
import { cadenceOf } from '../../config/plan/cadence.ts';
import { loadOfScopes } from '../../config/plan/scopeLoad.ts';
import { defaultLimits, type SimulationContext, type SimulationLogLine } from '../simulationContext.ts';
import { createDeviceRunner } from '../worker/deviceRunner.ts';
import { batchQueueName, createBatchQueue } from './batchQueue.ts';
import { createBatchStore } from './batchStore.ts';
import { createDeviceOutcomes } from './deviceOutcomes.ts';
import { createSimulationStore } from './simulationStore.ts';

const simulationsTable = 'simulations';
const devicesTable = 'simulationdevices';

/** What simulations work with, from the app's configuration. Undefined where there is no storage to keep them in. */
export async function openSimulations(
  services: Services,
  invocation: InvocationContext,
): Promise<SimulationContext | undefined> {
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

function write(invocation: InvocationContext, { level, ...line }: SimulationLogLine): void {
  invocation[level](JSON.stringify(line));
}
