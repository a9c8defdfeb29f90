/**
 * What an instance costs when it is new: its first scheduled run beside the tenth, its memory, and the first and the second call of each
 * function that answers a GET. The built app runs in a functions host of its own process, beside the stand-ins of `npm start`.
 */
import { readFile } from 'node:fs/promises';
import { build } from '../../../scripts/build.ts';
import { projectDirectory } from '../../../scripts/projectFiles.ts';
import { type ForkedFunctionsHost, forkFunctionsHost } from '../../../src/local/functionsHost/forkFunctionsHost.ts';
import { startLocalCloud } from '../../../src/local/localCloud.ts';
import type { Outcome } from '../../../src/outcomes/outcome.ts';
import { type BenchRow, benchRow } from '../benchDevice.ts';

const probe = 'group-key';
const routes = ['health', 'probes', 'status', 'metrics', 'outcomes', `badges/${probe}.svg`, 'simulations'];
const scheduledRuns = 10;
const keys = { functionKey: 'function-key', masterKey: 'master-key' };

export async function coldStart(quick: boolean): Promise<readonly BenchRow[]> {
  await build();
  const ratios: number[] = [];
  for (let instance = 0; instance < (quick ? 1 : 5); instance += 1) ratios.push(await firstToTenth());
  return [benchRow('first run of a probe after a cold start / tenth', ratios, { limit: 1.5 })];
}

/** Of a new instance: how long the probe took in its first scheduled run, beside the tenth. The service's wait of a second is in both. */
async function firstToTenth(): Promise<number> {
  const { PATH, HOME } = process.env;
  // The deadline of a scheduled run is the next one: the samples' schedule would leave some of them no time.
  const cloud = await startLocalCloud({ PATH, HOME, PROBE_SCHEDULE: '0 0 0 1 1 *' });
  const options = { appDirectory: projectDirectory, port: 0, timers: false, environment: cloud.environment, ...keys };
  const host = await forkFunctionsHost(options);
  try {
    const memory = [await residentMb(host)];
    const durations: number[] = [];
    for (let run = 0; run < scheduledRuns; run += 1) durations.push(await scheduledRun(host));
    memory.push(await residentMb(host));
    const [first = Number.NaN, tenth = Number.NaN] = [durations[0], durations.at(-1)];
    console.error(`${probe}: ${first.toFixed(0)} ms in the first scheduled run, ${tenth.toFixed(0)} ms in the tenth`);
    console.error(`resident memory: ${memory.map((mb) => `${mb.toFixed(0)} MB`).join(' at the start, ')} after them`);
    for (const route of routes) console.error(`${route}: ${await firstAndSecondCall(host, route)}`);
    return first / tenth;
  } finally {
    await host.stop();
    await cloud.close();
  }
}

/** Runs all probes as their timer does. Returns the milliseconds of the one that is looked at. */
async function scheduledRun(host: ForkedFunctionsHost): Promise<number> {
  const ended = Promise.withResolvers<void>();
  let durationMs = Number.NaN;
  const stop = host.onLog(({ message }) => {
    if (message.startsWith('{"runId"')) {
      const outcome: Outcome = JSON.parse(message);
      if (outcome.probe === probe && outcome.verdict === 'healthy') durationMs = outcome.durationMs;
    }
    if (/^Executed 'Functions.runProbes'/.test(message)) ended.resolve();
  });
  const headers = { 'x-functions-key': keys.masterKey, 'content-type': 'application/json' };
  await fetch(`${host.url}/admin/functions/runProbes`, { method: 'POST', headers, body: '{"input":""}' });
  await ended.promise.finally(stop);
  if (Number.isNaN(durationMs)) throw new Error(`the probe ${probe} was not healthy`);
  return durationMs;
}

async function firstAndSecondCall({ url }: ForkedFunctionsHost, route: string): Promise<string> {
  const times: string[] = [];
  for (const call of ['first', 'second']) {
    const start = performance.now();
    const response = await fetch(`${url}/api/${route}`, { headers: { 'x-functions-key': keys.functionKey } });
    await response.text();
    if (!response.ok) throw new Error(`${route}: ${response.status}`);
    times.push(`${(performance.now() - start).toFixed(0)} ms the ${call} time`);
  }
  return times.join(', ');
}

/** Megabytes, as Linux counts them. */
async function residentMb({ pid }: ForkedFunctionsHost): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
