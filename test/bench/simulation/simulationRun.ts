/**
 * One simulation of N devices, whole: request, queue, batches, outcomes in tables, report. A separate program, so that its peak memory can
 * be measured; storage and DPS are other processes. Prints a `SimulationRun`. Resident memory is looked at right after a collection,
 * because what V8 has not collected yet grows with time and not with devices; the CPU of these collections is not counted.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { argv } from 'node:process';
import pLimit from 'p-limit';
import { startSimulation } from '../../../src/simulations/startSimulation.ts';
import { groupProbe } from '../../support/simulatedFleet.ts';
import { batchQueue, simulationContext } from '../../support/simulationStorage.ts';
import { workQueue } from '../../support/workQueue.ts';
import { benchDevices, benchIdScope, groupKey } from '../benchDevices.ts';
import { registerWithExchange } from '../clients/exchangeClient.ts';

export interface SimulationRun {
  readonly devicesPerSecond: number;
  readonly peakBytes: number;
  /** CPU of the worker per device to that of the same exchange alone, in the same process. */
  readonly cpuRatio: number;
  readonly cpuMsPerDevice: number;
  /** Storage requests per device: transactions that write outcomes, and all others. The host's own requests are not counted. */
  readonly outcomeWrites: number;
  readonly otherRequests: number;
}

const [connectionString = '', suffix = '', port = '0', count = '10'] = argv.slice(2);
const devices = Number(count);
const storage = { connectionString, suffix };

let ended: (devicesPerSecond: number) => void = () => undefined;
const result = new Promise<number>((resolve) => {
  ended = resolve;
});
const context = await simulationContext(storage, {
  probes: [groupProbe(Number(port), { idScope: benchIdScope, timeoutSeconds: 60 })],
  readSecret: async () => ({ kind: 'found', value: groupKey.toString('base64') }),
  log: ({ event, verdicts, devicesPerSecond }) => {
    if (event !== 'simulationEnded') return;
    const { healthy } = verdicts as { readonly healthy: number };
    if (healthy !== devices) throw new Error(`expected ${devices} healthy devices, not ${healthy}`);
    ended(Number(devicesPerSecond));
  },
});

let outcomeWrites = 0;
let otherRequests = 0;
subscribe('http.client.request.start', (message) => {
  const { method, path } = (message as { readonly request: ClientRequest }).request;
  // The host receives, renews and deletes messages.
  if (/\/messages(\/|\?|$)/.test(path) && method !== 'POST') return;
  if (method === 'POST' && (/\$batch/.test(path) || path.includes(`devices${suffix}`))) outcomeWrites += 1;
  else otherRequests += 1;
});

const exchanges = 200;
const nextDevice = benchDevices(Number(port));
const limit = pLimit(50);
const register = () =>
  Promise.all(Array.from({ length: exchanges }, () => limit(() => registerWithExchange(nextDevice()))));

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

await register(); // compiles
const beforeExchanges = cpuMs();
await register();
const exchangeMs = (cpuMs() - beforeExchanges) / exchanges;

let peakBytes = 0;
let collectionMs = 0;
const lookAtMemory = () => {
  const before = cpuMs();
  globalThis.gc?.();
  collectionMs += cpuMs() - before;
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
};
setInterval(lookAtMemory, 500).unref();

outcomeWrites = 0;
otherRequests = 0;
const beforeMs = cpuMs() - collectionMs;
const stop = new AbortController();
const working = workQueue(await batchQueue(storage), context, { signal: stop.signal });
const body = { probe: 'fleet', devices, ratePerSecond: 1000, allowAboveServiceLimits: true };
const started = await startSimulation(body, undefined, context);
if (started.kind !== 'started') throw new Error(`the simulation was refused: ${JSON.stringify(started)}`);
const devicesPerSecond = await result;
const cpuMsPerDevice = (cpuMs() - collectionMs - beforeMs) / devices;
stop.abort();
await working;
const run: SimulationRun = {
  devicesPerSecond,
  peakBytes,
  cpuRatio: cpuMsPerDevice / exchangeMs,
  cpuMsPerDevice,
  outcomeWrites: outcomeWrites / devices,
  otherRequests: otherRequests / devices,
};
console.log(JSON.stringify(run));
process.exit(0);
