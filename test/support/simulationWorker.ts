/** A worker in its own process, which a test can kill: `fork` it, send it a `WorkerJob`, and it handles the queue until it is killed. */
import type { WorkerLimits } from '../../src/simulations/simulationContext.ts';
import { groupKey, groupProbe } from './simulatedFleet.ts';
import { batchQueue, type SimulationStorage, simulationContext } from './simulationStorage.ts';
import { trust } from './trust.ts';
import { workQueue } from './workQueue.ts';

export interface WorkerJob {
  readonly storage: SimulationStorage;
  readonly caPem: string;
  readonly dpsPort: number;
  readonly limits: Partial<WorkerLimits>;
  readonly visibilitySeconds: number;
  /** How far this process's clock is ahead of the machine's. */
  readonly clockSkewMs?: number;
}

process.once('message', async (job: WorkerJob) => {
  const { storage, caPem, dpsPort, limits, visibilitySeconds, clockSkewMs = 0 } = job;
  const now = Date.now;
  Date.now = () => now() + clockSkewMs;
  trust(caPem);
  const context = await simulationContext(storage, {
    probes: [groupProbe(dpsPort)],
    readSecret: async () => ({ kind: 'found', value: groupKey }),
    limits,
  });
  const { signal } = new AbortController();
  await workQueue(await batchQueue(storage), context, { signal, visibilitySeconds });
});
process.once('disconnect', () => process.exit());
