import { TableClient } from '@azure/data-tables';
import { QueueClient } from '@azure/storage-queue';
import type { Probe } from '../../src/config/probe.ts';
import type { ReadSecret } from '../../src/probes/credential.ts';
import {
  defaultLimits,
  type SimulationContext,
  type SimulationLogLine,
  type WorkerLimits,
} from '../../src/simulations/simulationContext.ts';
import { batchQueueName, createBatchQueue } from '../../src/simulations/store/batchQueue.ts';
import { createBatchStore } from '../../src/simulations/store/batchStore.ts';
import { createDeviceOutcomes } from '../../src/simulations/store/deviceOutcomes.ts';
import { createSimulationStore } from '../../src/simulations/store/simulationStore.ts';
import { createDeviceRunner } from '../../src/simulations/worker/deviceRunner.ts';

export interface SimulationStorage {
  readonly connectionString: string;
  /** Tables and queue of one test, so that tests of one file keep apart. */
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
  const [simulations, outcomes] = await Promise.all([table(storage, 'simulations'), table(storage, 'devices')]);
  return {
    simulations: createSimulationStore(simulations),
    batches: createBatchStore(simulations),
    outcomes: createDeviceOutcomes(outcomes),
    queue: createBatchQueue(await batchQueue(storage)),
    probes,
    probeRunsPerMinute: () => probeRunsPerMinute,
    location: 'test',
    createDeviceRunner: (options) =>
      createDeviceRunner(
        readSecret,
        'test',
        (error) => {
          throw error;
        },
        options,
      ),
    log: log ?? (() => undefined),
    limits: { ...defaultLimits, ...limits },
  };
}

export async function batchQueue({ connectionString, suffix }: SimulationStorage): Promise<QueueClient> {
  const queue = new QueueClient(connectionString, `${batchQueueName}-${suffix}`);
  await queue.createIfNotExists();
  return queue;
}

async function table({ connectionString, suffix }: SimulationStorage, name: string): Promise<TableClient> {
  const client = TableClient.fromConnectionString(connectionString, `${name}${suffix}`, {
    allowInsecureConnection: true,
  });
  await client.createTable();
  return client;
}
