/**
 * Client CPU of a probe run and of a simulated device against the floor and Microsoft's SDK, and the time of a probe run against the
 * bare exchange: in turns in one process, the server in another. A program of its own: `NODE_EXTRA_CA_CERTS` must name the stand-in's
 * root when it starts.
 */
import { argv } from 'node:process';
import { createSecureContext } from 'node:tls';
import pLimit from 'p-limit';
import { probeSchema } from '../../src/config/probe.ts';
import { judgeRun } from '../../src/outcomes/judgeRun.ts';
import { runProbe } from '../../src/probes/runProbe.ts';
import { createDeviceRunner } from '../../src/simulations/store/openSimulations.ts';
import type { BenchDevice } from './benchDevice.ts';
import { benchRow, quantile } from './benchDevice.ts';
import { benchDevices, benchIdScope, groupKey } from './benchDevices.ts';
import { registerWithExchange } from './exchangeClient.ts';
import { registerOnFloor } from './floorClient.ts';
import { registerWithSdk } from './sdkClient.ts';

const [port = '0', rounds = '7', perRound = '100'] = argv.slice(2);
const atOnce = 20;
const sharedContext = createSecureContext({ minVersion: 'TLSv1.2' });
const nextDevice = benchDevices(Number(port));
const readSecret = async () => ({ kind: 'found', value: groupKey.toString('base64') }) as const;
const runDevice = createDeviceRunner(readSecret, 'bench', console.error, {
  onThrottled: () => undefined,
  reuseTlsSessions: false,
  configuredHubs: undefined,
});

const configured = probeSchema.parse({
  name: 'bench',
  idScope: benchIdScope,
  registrationId: 'bench',
  attestation: { type: 'symmetricKey', secret: 'group-key', enrollment: 'group' },
  globalDeviceEndpoint: `localhost:${port}`,
});

function probeOf({ registrationId }: BenchDevice) {
  return { ...configured, registrationId };
}

/** As scheduled: the credential is read for this run, the outcome judged and written as a line of the log. */
async function runWhole(device: BenchDevice): Promise<void> {
  const probe = probeOf(device);
  const facts = await runProbe(probe, { readSecret });
  const outcome = judgeRun(probe, facts, { trigger: 'timer', location: 'bench' });
  if (outcome.verdict !== 'healthy') throw new Error(JSON.stringify(outcome.result));
  JSON.stringify(outcome);
}

async function simulate(device: BenchDevice): Promise<void> {
  const outcome = await runDevice(probeOf(device));
  if (outcome.verdict !== 'healthy') throw new Error(JSON.stringify(outcome.result));
}

const clients = {
  run: runWhole,
  device: simulate,
  floor: (device: BenchDevice) => registerOnFloor(device, sharedContext),
  sdk: registerWithSdk,
} as const;

/** CPU microseconds per registration. */
async function cpuOf(register: (device: BenchDevice) => Promise<unknown>): Promise<number> {
  const limit = pLimit(atOnce);
  const count = Number(perRound);
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: count }, () => limit(() => register(nextDevice()))));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

/** Alone, one after the other: milliseconds of a whole run over those of the exchange that it contains. */
async function timeRatio(pairs: number): Promise<number> {
  const times: { readonly run: number[]; readonly exchange: number[] } = { run: [], exchange: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const [name, register] of [
      ['run', runWhole],
      ['exchange', (device: BenchDevice) => registerWithExchange(device, false)],
    ] as const) {
      const device = nextDevice();
      const start = performance.now();
      await register(device);
      times[name].push(performance.now() - start);
    }
  }
  return quantile(times.run, 0.5) / quantile(times.exchange, 0.5);
}

const ratios = { run: [] as number[], device: [] as number[], deviceToSdk: [] as number[], time: [] as number[] };
for (let round = 0; round <= Number(rounds); round += 1) {
  const cpu = { run: 0, device: 0, floor: 0, sdk: 0 };
  for (const name of ['floor', 'run', 'device', 'sdk'] as const) cpu[name] = await cpuOf(clients[name]);
  const time = await timeRatio(Math.ceil(Number(perRound) / 4));
  if (round === 0) continue; // compiles
  ratios.run.push(cpu.run / cpu.floor);
  ratios.device.push(cpu.device / cpu.floor);
  ratios.deviceToSdk.push(cpu.device / cpu.sdk);
  ratios.time.push(time);
  const figures = Object.entries(cpu).map(([name, microseconds]) => `${name} ${microseconds.toFixed(0)}`);
  console.error(`us of CPU: ${figures.join(', ')}; run / exchange ${time.toFixed(2)}`);
}
console.log(
  JSON.stringify([
    benchRow('cpu per probe run / floor', ratios.run, { limit: 1.25 }),
    benchRow('cpu per simulated device / floor', ratios.device, { limit: 1.1 }),
    benchRow('cpu per simulated device / Microsoft Node SDK', ratios.deviceToSdk, { limit: 0.72 }),
    benchRow('probe run / bare exchange', ratios.time, { limit: 1.15 }),
  ]),
);
process.exit(0);
