import { HttpRequest } from '@azure/functions';
import { afterEach } from 'vitest';
import type { DpsConfigurationInput } from '../../src/emulator/dps/dpsConfiguration.ts';
import { type RunningDps, startDps } from '../../src/emulator/dps/startDps.ts';
import { cancelSimulation } from '../../src/simulations/cancelSimulation.ts';
import { getSimulation } from '../../src/simulations/getSimulation.ts';
import { listSimulationOutcomes } from '../../src/simulations/listSimulationOutcomes.ts';
import type { SimulationContext } from '../../src/simulations/simulationContext.ts';
import type { SimulationView } from '../../src/simulations/simulationView.ts';
import { startSimulation } from '../../src/simulations/startSimulation.ts';
import { authority, vaultOf } from './localProbe.ts';
import { groupKey, groupProbe } from './simulatedFleet.ts';
import { batchQueue, type ContextOptions, type SimulationStorage, simulationContext } from './simulationStorage.ts';
import { useAzurite } from './useHistory.ts';
import { workQueue } from './workQueue.ts';

/** DPS, storage and workers for the simulations of a test file; each test has tables and a queue of its own. */
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
    /** Works the queue off until the test ends, or until the returned function is called. */
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

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // Whatever the test expects of it.
  readonly body: Record<string, unknown>;
}

/** The simulations API as its functions call it. */
export function apiOf(context: SimulationContext) {
  const url = 'http://localhost/api/simulations';
  const answered = async (response: Awaited<ReturnType<typeof startSimulation>>): Promise<Answered> => ({
    status: response.status ?? 200,
    headers: new Headers(Object.entries(response.headers ?? {})),
    body: JSON.parse(String(response.body)) as Record<string, unknown>,
  });
  const about = (id: string, query: Record<string, string> = {}) =>
    new HttpRequest({ method: 'GET', url: `${url}/${id}`, params: { id }, query });
  const api = {
    post: async (body: unknown, headers: Record<string, string> = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const request = new HttpRequest({ method: 'POST', url, headers, body: { string: text } });
      return answered(await startSimulation(request, context));
    },
    get: async (id: string) => answered(await getSimulation(about(id), context)),
    cancel: async (id: string) => answered(await cancelSimulation(about(id), context)),
    outcomes: async (id: string, query: Record<string, string> = {}) =>
      answered(await listSimulationOutcomes(about(id, query), context)),
    start: async (body: unknown, headers?: Record<string, string>): Promise<SimulationView> => {
      const { status, body: view } = await api.post(body, headers);
      if (status !== 202) throw new Error(`expected 202, not ${status}: ${JSON.stringify(view)}`);
      return view as unknown as SimulationView;
    },
    /** Asks as a client would, until the answer is 200. */
    untilEnded: async (id: string): Promise<SimulationView> => {
      for (;;) {
        const { status, body } = await api.get(id);
        if (status === 200) return body as unknown as SimulationView;
        if (status !== 202) throw new Error(`expected 202, not ${status}: ${JSON.stringify(body)}`);
        await new Promise((resume) => setTimeout(resume, 200));
      }
    },
  };
  return api;
}
