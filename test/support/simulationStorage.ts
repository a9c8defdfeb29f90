import { QueueClient } from '@azure/storage-queue';
import type { Probe } from '../../src/config/probe.ts';
import type { ReadSecret } from '../../src/probes/credential.ts';
import type { SimulationContext, SimulationLogLine, WorkerLimits } from '../../src/simulations/simulationContext.ts';
import { batchQueueName, createBatchQueue, createBatchStore } from '../../src/simulations/store/batchStore.ts';
import { createDeviceOutcomes } from '../../src/simulations/store/deviceOutcomes.ts';
import { createDeviceRunner, defaultLimits } from '../../src/simulations/store/openSimulations.ts';
import { createSimulationStore } from '../../src/simulations/store/simulationStore.ts';
import { type OpenQueues, openQueues } from '../../src/storage/openQueues.ts';
import { tablesAt } from './useHistory.ts';

export interface SimulationStorage {
  readonly connectionString: string;
  /** Separate tables and a queue for each test. */
  readonly suffix: string;
}

export interface ContextOptions {
  readonly probes: readonly Probe[];
  readonly readSecret: ReadSecret;
  readonly limits?: Partial<WorkerLimits>;
  readonly log?: (line: SimulationLogLine) => void;
  readonly probeRunsPerMinute?: number;
}

/** A worker's context on this storage, with real clients and the real device runner. */
export async function simulationContext(
  storage: SimulationStorage,
  { probes, readSecret, limits, log, probeRunsPerMinute = 0 }: ContextOptions,
): Promise<SimulationContext> {
  const openTable = tablesAt(storage.connectionString);
  const simulations = openTable(`simulations${storage.suffix}`);
  return {
    simulations: createSimulationStore(simulations, (row) => log?.({ level: 'warn', event: 'rowLeftOut', row })),
    batches: createBatchStore(simulations),
    outcomes: createDeviceOutcomes(openTable(`devices${storage.suffix}`)),
    queue: createBatchQueue(queuesAt(storage.connectionString)(queueName(storage))),
    probes,
    probeRunsPerMinute: () => probeRunsPerMinute,
    location: 'test',
    createDeviceRunner: (options) =>
      createDeviceRunner(
        readSecret,
        'test',
        (stack) => {
          throw new Error(stack);
        },
        options,
      ),
    log: log ?? (() => undefined),
    limits: { ...defaultLimits, ...limits },
  };
}

export async function batchQueue(storage: SimulationStorage): Promise<QueueClient> {
  const queue = new QueueClient(storage.connectionString, queueName(storage));
  await queue.createIfNotExists();
  return queue;
}

function queueName({ suffix }: SimulationStorage): string {
  return `${batchQueueName}-${suffix}`;
}

function queuesAt(connectionString: string): OpenQueues {
  return openQueues({ kind: 'connectionString', connectionString }, { managedIdentity: false });
}
