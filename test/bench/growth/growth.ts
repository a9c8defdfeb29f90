/**
 * How a simulation grows with the worker processes that share one storage: `node test/bench/growth/growth.ts`. The devices cost nothing,
 * because each instance has its own processor for them; the storage is what all instances share. Its figures are those of
 * docs/simulations.md.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { startAzurite } from '../../../src/local/azurite.ts';
import { hasEnded } from '../../../src/simulations/simulation.ts';
import type { SimulationContext } from '../../../src/simulations/simulationContext.ts';
import { startSimulation } from '../../../src/simulations/startSimulation.ts';
import { batchQueue, type SimulationStorage } from '../../support/simulationStorage.ts';
import { type GrowthJob, growthContext, type RowChanges } from './growthWorker.ts';

const workerFile = fileURLToPath(new URL('./growthWorker.ts', import.meta.url));
const processCounts = [1, 2, 4, 8];
const rowChangesForMs = 5_000;
/** Simulations of one device each: a batch costs the same for one device as for 250, but for the outcomes. */
const batches = 100;
const simulations = 4;
/** Of each of them: ten batches. */
const devices = 2_500;

const azurite = await startAzurite();
let measurements = 0;
function newStorage(): SimulationStorage {
  measurements += 1;
  return { connectionString: azurite.connectionString, suffix: `growth${measurements}` };
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

async function stop(workers: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    workers.map(async (worker) => {
      const exited = once(worker, 'exit');
      worker.kill('SIGKILL');
      await exited;
    }),
  );
}

async function start(context: SimulationContext, count: number): Promise<string> {
  const body = { probe: 'fleet', devices: count, ratePerSecond: 1000, allowAboveServiceLimits: true };
  const started = await startSimulation(body, undefined, context);
  if (started.kind !== 'started') throw new Error(`the simulation was refused: ${JSON.stringify(started)}`);
  return started.simulation.id;
}

/** CPU time of the storage's process so far, in milliseconds; Linux only. */
async function storageCpuMs(): Promise<number> {
  const stat = await readFile(`/proc/${azurite.processId}/stat`, 'utf8').catch(() => '');
  const [, , , , , , , , , , , user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return (user + system) * 10;
}

interface Measured {
  readonly perSecond: number;
  /** Of one core. */
  readonly storageCpu: number;
}

/** `amount` of something is done when `isDone` resolves. */
async function measure(amount: () => number, isDone: () => Promise<unknown>): Promise<Measured> {
  const [beginMs, beginCpuMs] = [performance.now(), await storageCpuMs()];
  await isDone();
  const tookMs = performance.now() - beginMs;
  return { perSecond: amount() / (tookMs / 1000), storageCpu: ((await storageCpuMs()) - beginCpuMs) / tookMs };
}

async function measureRowChanges(count: number): Promise<Measured & { readonly longestMs: number }> {
  const storage = newStorage();
  const context = await growthContext(storage);
  const id = await start(context, 1);
  const workers = await startWorkers(count, { kind: 'changeRow', storage, id, forMs: rowChangesForMs });
  let [changes, longestMs] = [0, 0];
  const measured = await measure(
    () => changes,
    () =>
      Promise.all(
        workers.map(async (worker) => {
          const done = once(worker, 'message');
          worker.send('go');
          const [result] = (await done) as [RowChanges];
          changes += result.changes;
          longestMs = Math.max(longestMs, result.longestMs);
        }),
      ),
  );
  await stop(workers);
  return { ...measured, longestMs };
}

/** Works off simulations that are all in the queue before the workers begin. */
async function measureWork(processes: number, count: number, devicesOfEach: number, unit: 'batch' | 'device') {
  const storage = newStorage();
  const context = await growthContext(storage);
  await batchQueue(storage);
  const ids: string[] = [];
  for (let started = 0; started < count; started += 1) ids.push(await start(context, devicesOfEach));
  const workers = await startWorkers(processes, { kind: 'work', storage });
  const waitFor = new Set(ids);
  const measured = await measure(
    () => (unit === 'batch' ? count : count * devicesOfEach),
    async () => {
      for (const worker of workers) worker.send('go');
      while (waitFor.size > 0) {
        for (const id of [...waitFor].slice(0, 5)) {
          const simulation = await context.simulations.read(id);
          if (simulation && hasEnded(simulation.state)) waitFor.delete(id);
        }
        await new Promise((resume) => setTimeout(resume, 50));
      }
    },
  );
  await stop(workers);
  for (const id of ids) {
    const healthy = (await context.simulations.read(id))?.report?.verdicts.healthy;
    if (healthy !== devicesOfEach) throw new Error(`expected ${devicesOfEach} healthy devices, got ${healthy}`);
  }
  return measured;
}

const table = new Table({
  head: [
    'processes',
    'row changes/s',
    'longest',
    'batches/s',
    'outcomes/s',
    'storage CPU: rows',
    'batches',
    'outcomes',
  ],
});
const percent = (share: number) => `${Math.round(share * 100)} %`;
try {
  for (const count of processCounts) {
    const rows = await measureRowChanges(count);
    const batch = await measureWork(count, batches, 1, 'batch');
    const outcomes = await measureWork(count, simulations, devices, 'device');
    const figures = [rows.perSecond, batch.perSecond, outcomes.perSecond].map((value) => value.toFixed(0));
    const [rowFigure, batchFigure, outcomeFigure] = figures;
    const cpu = [rows, batch, outcomes].map(({ storageCpu }) => percent(storageCpu));
    table.push([count, rowFigure, `${(rows.longestMs / 1000).toFixed(1)} s`, batchFigure, outcomeFigure, ...cpu]);
  }
  console.log(table.toString());
} finally {
  await azurite.close();
}
