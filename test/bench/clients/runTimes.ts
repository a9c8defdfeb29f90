/**
 * Time of a whole probe run over that of the exchange inside it, at a server that responds at once: alone, and with 50 probes in a
 * scheduled run. A program of its own: `NODE_EXTRA_CA_CERTS` must name the stand-in's root when it starts.
 */

import { argv } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { type BenchRow, benchRow, quantile } from '../benchDevice.ts';
import { benchDevices } from '../benchDevices.ts';
import { registerWithExchange } from './exchangeClient.ts';
import { productClients, type RegisterDevice } from './productClients.ts';

const [port = '0', rounds = '9', pairs = '40', which = 'all'] = argv.slice(2);
const nextDevice = benchDevices(Number(port));
const { run } = productClients(Number(port));
const exchange: RegisterDevice = (device) => registerWithExchange(device, false);
const inScheduledRun = 50;
/** Ten times as fast as a scheduled run starts its probes, so that they overlap. */
const startEveryMs = 10;

async function timeOf(register: RegisterDevice): Promise<number> {
  const device = nextDevice();
  const start = performance.now();
  await register(device);
  return performance.now() - start;
}

interface Times {
  readonly run: number[];
  readonly exchange: number[];
}

/** One after the other, in turns. */
async function alone({ run: runs, exchange: exchanges }: Times): Promise<void> {
  for (let pair = 0; pair < Number(pairs); pair += 1) {
    runs.push(await timeOf(run));
    exchanges.push(await timeOf(exchange));
  }
}

async function together(register: RegisterDevice): Promise<number[]> {
  const running: Promise<number>[] = [];
  for (let started = 0; started < inScheduledRun; started += 1) {
    running.push(timeOf(register));
    await delay(startEveryMs);
  }
  return Promise.all(running);
}

async function scheduled({ run: runs, exchange: exchanges }: Times): Promise<void> {
  runs.push(...(await together(run)));
  exchanges.push(...(await together(exchange)));
}

async function rowsOf(row: string, measure: (times: Times) => Promise<void>): Promise<readonly BenchRow[]> {
  await measure({ run: [], exchange: [] }); // compiles
  const measured: Times[] = [];
  for (let round = 0; round < Number(rounds); round += 1) {
    const times = { run: [], exchange: [] };
    await measure(times);
    measured.push(times);
  }
  const ratio = (share: number) => (times: Times) => quantile(times.run, share) / quantile(times.exchange, share);
  return [
    benchRow(row, measured.map(ratio(0.5)), { limit: 1.15 }),
    // Of each round, between its two slowest: a pause of the machine then counts in one round, and the median leaves it out.
    benchRow(`${row}, p99`, measured.map(ratio(0.99)), { limit: 1.3 }),
  ];
}

console.log(
  JSON.stringify([
    ...(await rowsOf('probe run / bare exchange', alone)),
    ...(which === 'alone' ? [] : await rowsOf(`probe run / bare exchange, ${inScheduledRun} probes`, scheduled)),
  ]),
);
process.exit(0);
