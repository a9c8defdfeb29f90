/**
 * One simulation of N devices, whole: request, queue, batches, outcomes in tables, report. A program of its own, so that its peak of
 * memory is its own; storage and DPS are other processes. Prints `{ devicesPerSecond, peakBytes }`: resident memory, looked at right
 * after a collection, because what V8 has not got round to collecting grows with time and not with devices.
 */
import { argv } from 'node:process';
import { startSimulation } from '../../src/simulations/startSimulation.ts';
import { groupProbe } from '../support/simulatedFleet.ts';
import { batchQueue, simulationContext } from '../support/simulationStorage.ts';
import { workQueue } from '../support/workQueue.ts';
import { benchIdScope, groupKey } from './benchDevices.ts';

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

let peakBytes = 0;
const lookAtMemory = () => {
  globalThis.gc?.();
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
};
setInterval(lookAtMemory, 500).unref();

const stop = new AbortController();
const working = workQueue(await batchQueue(storage), context, { signal: stop.signal });
const body = { probe: 'fleet', devices, ratePerSecond: 1000, allowAboveServiceLimits: true };
const started = await startSimulation(body, undefined, context);
if (started.kind !== 'started') throw new Error(`the simulation was refused: ${JSON.stringify(started)}`);
const devicesPerSecond = await result;
stop.abort();
await working;
console.log(JSON.stringify({ devicesPerSecond, peakBytes }));
process.exit(0);
