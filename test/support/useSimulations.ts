import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterEach } from 'vitest';
import type { DpsConfigurationInput } from '../../src/emulator/dps/dpsConfiguration.ts';
import { type RunningDps, startDps } from '../../src/emulator/dps/startDps.ts';
import { reconcileSimulation } from '../../src/simulations/reconcileSimulation.ts';
import { cancelled, hasEnded, type Simulation } from '../../src/simulations/simulation.ts';
import type { SimulationContext } from '../../src/simulations/simulationContext.ts';
import { type SimulationView, viewSimulation } from '../../src/simulations/simulationView.ts';
import { startSimulation } from '../../src/simulations/startSimulation.ts';
import { authority, vaultOf } from './localProbe.ts';
import { groupKey, groupProbe } from './simulatedFleet.ts';
import { batchQueue, type ContextOptions, type SimulationStorage, simulationContext } from './simulationStorage.ts';
import type { WorkerJob } from './simulationWorker.ts';
import { useAzurite } from './useHistory.ts';
import { workQueue } from './workQueue.ts';

const workerFile = new URL('./simulationWorker.ts', import.meta.url);

/** DPS, storage and workers for the simulations of a test file; each test has its own tables and queue. */
export function useSimulations() {
  const azurite = useAzurite();
  const closing: (() => Promise<unknown>)[] = [];
  let tests = 0;
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const lab = {
    async startDps(configuration: Partial<DpsConfigurationInput> = {}): Promise<RunningDps> {
      const dps = await startDps({
        certificate: await authority.issueServer(),
        authority,
        configuration: {
          idScope: '0neLOCAL',
          retryAfterSeconds: 0,
          enrollmentGroups: [
            {
              enrollmentGroupId: 'fleet',
              attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } },
              iotHubs: ['hub-a.azure-devices.net', 'hub-b.azure-devices.net'],
            },
          ],
          ...configuration,
        },
      });
      closing.push(() => dps.close());
      return dps;
    },
    newStorage(): SimulationStorage {
      tests += 1;
      return { connectionString: azurite.connectionString(), suffix: `${process.pid}${tests}` };
    },
    context: (storage: SimulationStorage, dps: { readonly mqttsPort: number }, over: Partial<ContextOptions> = {}) =>
      simulationContext(storage, {
        probes: [groupProbe(dps.mqttsPort)],
        readSecret: vaultOf({ 'fleet-key': groupKey }),
        ...over,
      }),
    /** Handles the queue until the test ends, or until the returned function is called. */
    async startWorkers(
      storage: SimulationStorage,
      context: SimulationContext,
      count = 1,
    ): Promise<() => Promise<void>> {
      const stop = new AbortController();
      const queue = await batchQueue(storage);
      const workers = Array.from({ length: count }, () => workQueue(queue, context, { signal: stop.signal }));
      const end = async () => {
        stop.abort();
        await Promise.all(workers);
      };
      closing.push(end);
      return end;
    },
    /** A worker in its own process, which ends with the test. */
    forkWorker(job: Omit<WorkerJob, 'caPem'>): ChildProcess {
      const child = fork(workerFile, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      closing.push(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      });
      child.send({ ...job, caPem: authority.caPem });
      return child;
    },
    /** A service, storage and the API on both, without workers. */
    async fleet(configuration: Partial<DpsConfigurationInput> = {}, over: Partial<ContextOptions> = {}) {
      const dps = await lab.startDps(configuration);
      const storage = lab.newStorage();
      const context = await lab.context(storage, dps, over);
      const registrations = () => dps.requests.all.filter(({ kind }) => kind === 'register');
      return { dps, storage, context, api: apiOf(context), registrations };
    },
  };
  return lab;
}

/** What the HTTP functions do with a simulation, without HTTP. */
export function apiOf(context: SimulationContext) {
  const view = (simulation: Simulation | undefined) => simulation && viewSimulation(simulation, context);
  const api = {
    post: (body: unknown, key?: string) => startSimulation(body, key, context),
    start: async (body: unknown, key?: string): Promise<SimulationView> => {
      const started = await api.post(body, key);
      if (started.kind !== 'started') throw new Error(`the simulation was refused: ${JSON.stringify(started)}`);
      return viewSimulation(started.simulation, context);
    },
    get: async (id: string) => view(await reconcileSimulation(id, context)),
    cancel: async (id: string) => view(await reconcileSimulation(id, context, cancelled)),
    /** Asks as a client would, until it has ended. */
    untilEnded: async (id: string): Promise<SimulationView> => {
      for (;;) {
        const simulation = await reconcileSimulation(id, context);
        if (!simulation) throw new Error(`there is no simulation ${id}`);
        if (hasEnded(simulation.state)) return viewSimulation(simulation, context);
        await new Promise((resume) => setTimeout(resume, 50));
      }
    },
  };
  return api;
}
