import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startAzurite } from '../../../src/local/azurite.ts';
import { hasEnded } from '../../../src/simulations/simulation.ts';
import type { SimulationContext } from '../../../src/simulations/simulationContext.ts';
import { startSimulation } from '../../../src/simulations/startSimulation.ts';
import { batchQueue, type SimulationStorage } from '../../support/simulationStorage.ts';
import { type GrowthJob, growthContext, type RowChanges } from './growthWorker.ts';

export interface Measured {
  readonly perSecond: number;
  /** Of one core. */
  readonly storageCpu: number;
}

export interface Work {
  readonly processes: number;
  readonly simulations: number;
  readonly devicesOfEach: number;
  /** How long each device waits for its assignment; by default it does not. */
  readonly deviceMs?: number;
}

/** Worker processes that share one storage, each measured with tables and a queue of its own. */
export interface SharedStorage {
  /** Changes of one row by all processes. */
  changeRow(processes: number, forMs: number): Promise<Measured & { readonly longestMs: number }>;
  /** Simulations that are all in the queue before the workers begin. Rejects unless each device is healthy. */
  work(work: Work): Promise<Measured>;
  close(): Promise<void>;
}

const workerFile = fileURLToPath(new URL('./growthWorker.ts', import.meta.url));

export async function startSharedStorage(): Promise<SharedStorage> {
  const azurite = await startAzurite();
  let measurements = 0;
  const newStorage = (): SimulationStorage => {
    measurements += 1;
    return { connectionString: azurite.connectionString, suffix: `growth${measurements}` };
  };
  /** Runs `isDone`, and takes what it returns as the amount of what was done. */
  const measure = async (isDone: () => Promise<number>): Promise<Measured> => {
    const [beginMs, beginCpuMs] = [performance.now(), await cpuMsOf(azurite.processId)];
    const amount = await isDone();
    const tookMs = performance.now() - beginMs;
    const storageCpu = ((await cpuMsOf(azurite.processId)) - beginCpuMs) / tookMs;
    return { perSecond: amount / (tookMs / 1000), storageCpu };
  };

  return {
    async changeRow(processes, forMs) {
      const storage = newStorage();
      const id = await start(await growthContext(storage), 1);
      const workers = await startWorkers(processes, { kind: 'changeRow', storage, id, forMs });
      let longestMs = 0;
      const measured = await measure(async () => {
        const results = await Promise.all(workers.map((worker) => changesOf(worker)));
        longestMs = Math.max(...results.map((result) => result.longestMs));
        return results.reduce((sum, { changes }) => sum + changes, 0);
      });
      await stop(workers);
      return { ...measured, longestMs };
    },
    async work({ processes, simulations, devicesOfEach, deviceMs = 0 }) {
      const storage = newStorage();
      const context = await growthContext(storage);
      await batchQueue(storage);
      const ids: string[] = [];
      while (ids.length < simulations) ids.push(await start(context, devicesOfEach));
      const workers = await startWorkers(processes, { kind: 'work', storage, deviceMs });
      const measured = await measure(async () => {
        for (const worker of workers) worker.send('go');
        await ended(context, ids);
        return simulations * devicesOfEach;
      });
      await stop(workers);
      for (const id of ids) {
        const healthy = (await context.simulations.read(id))?.report?.verdicts.healthy;
        if (healthy !== devicesOfEach) throw new Error(`expected ${devicesOfEach} healthy devices, got ${healthy}`);
      }
      return measured;
    },
    close: () => azurite.close(),
  };
}

async function start(context: SimulationContext, devices: number): Promise<string> {
  const body = { probe: 'fleet', devices, ratePerSecond: 1000, allowAboveServiceLimits: true };
  const started = await startSimulation(body, undefined, context);
  if (started.kind !== 'started') throw new Error(`the simulation was refused: ${JSON.stringify(started)}`);
  return started.simulation.id;
}

async function ended({ simulations }: SimulationContext, ids: readonly string[]): Promise<void> {
  const left = new Set(ids);
  while (left.size > 0) {
    for (const id of [...left].slice(0, 5)) {
      const simulation = await simulations.read(id);
      if (simulation && hasEnded(simulation.state)) left.delete(id);
    }
    await delay(50);
  }
}

/** Workers that have loaded everything and begin on a message. */
async function startWorkers(count: number, job: GrowthJob): Promise<readonly ChildProcess[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const child = fork(workerFile, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      const ready = once(child, 'message');
      child.send(job);
      await ready;
      return child;
    }),
  );
}

async function changesOf(worker: ChildProcess): Promise<RowChanges> {
  const done = once(worker, 'message');
  worker.send('go');
  const [result] = await done;
  return result;
}

async function stop(workers: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    workers.map(async (worker) => {
      const exited = once(worker, 'exit');
      worker.kill('SIGKILL');
      await exited;
    }),
  );
}

/** CPU time of a process so far; Linux only. */
async function cpuMsOf(processId: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${processId}/stat`, 'utf8').catch(() => '');
  const [, , , , , , , , , , , user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return (user + system) * 10;
}
