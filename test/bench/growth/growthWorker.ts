/** One worker process of `sharedStorage.ts`: gets its job by message, and works until its time is over or until it is killed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { SimulationContext } from '../../../src/simulations/simulationContext.ts';
import { buildOutcome } from '../../support/buildOutcome.ts';
import { groupProbe } from '../../support/simulatedFleet.ts';
import { batchQueue, type SimulationStorage, simulationContext } from '../../support/simulationStorage.ts';
import { workQueue } from '../../support/workQueue.ts';

/** `changeRow`: changes the row of one simulation, as each reservation of starts does. `work`: what is in the queue. */
export type GrowthJob =
  | { readonly kind: 'changeRow'; readonly storage: SimulationStorage; readonly id: string; readonly forMs: number }
  | { readonly kind: 'work'; readonly storage: SimulationStorage; readonly deviceMs: number };

export interface RowChanges {
  readonly changes: number;
  readonly longestMs: number;
}

/** Devices that only wait, and need no CPU: what is left of a simulation is what its workers share, the storage. */
export async function growthContext(storage: SimulationStorage, deviceMs = 0): Promise<SimulationContext> {
  const context = await simulationContext(storage, {
    probes: [groupProbe(1)],
    readSecret: async (secret) => ({ kind: 'notFound', secret, message: 'no secret is needed' }),
  });
  return {
    ...context,
    createDeviceRunner:
      () =>
      async ({ name, registrationId }) => {
        if (deviceMs > 0) await delay(deviceMs);
        return buildOutcome({ probe: name, registrationId, trigger: 'simulation', runId: registrationId });
      },
  };
}

async function changeRow({ simulations }: SimulationContext, id: string, forMs: number): Promise<RowChanges> {
  const endMs = performance.now() + forMs;
  let [changes, longestMs] = [0, 0];
  while (performance.now() < endMs) {
    const beginMs = performance.now();
    await simulations.update(id, (simulation) => {
      const { pace } = simulation;
      return { ...simulation, pace: { ...pace, nextStartAtMs: pace.nextStartAtMs + 1 } };
    });
    changes += 1;
    longestMs = Math.max(longestMs, performance.now() - beginMs);
  }
  return { changes, longestMs };
}

process.once('message', async (job: GrowthJob) => {
  const context = await growthContext(job.storage, job.kind === 'work' ? job.deviceMs : 0);
  // Connected before the clock starts.
  await context.simulations.page(1);
  process.send?.('ready');
  process.once('message', async () => {
    if (job.kind === 'changeRow') process.send?.(await changeRow(context, job.id, job.forMs));
    else await workQueue(await batchQueue(job.storage), context, { signal: new AbortController().signal });
  });
});
process.once('disconnect', () => process.exit());
