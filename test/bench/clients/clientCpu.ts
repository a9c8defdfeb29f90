/**
 * Client CPU of a probe run and of a simulated device against the floor and Microsoft's SDK: in turns in one process, the server in
 * another. A program of its own: `NODE_EXTRA_CA_CERTS` must name the stand-in's root when it starts.
 */
import { argv } from 'node:process';
import { createSecureContext } from 'node:tls';
import pLimit from 'p-limit';
import { type BenchDevice, benchRow } from '../benchDevice.ts';
import { benchDevices } from '../benchDevices.ts';
import { registerOnFloor } from './floorClient.ts';
import { productClients, type RegisterDevice } from './productClients.ts';
import { registerWithSdk } from './sdkClient.ts';

const [port = '0', rounds = '7', perRound = '100'] = argv.slice(2);
const atOnce = 20;
const sharedContext = createSecureContext({ minVersion: 'TLSv1.2' });
const nextDevice = benchDevices(Number(port));
const clients = {
  floor: (device: BenchDevice) => registerOnFloor(device, sharedContext),
  ...productClients(Number(port)),
  sdk: registerWithSdk,
} as const;

/** CPU microseconds per registration. */
async function cpuOf(register: RegisterDevice): Promise<number> {
  const limit = pLimit(atOnce);
  const count = Number(perRound);
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: count }, () => limit(() => register(nextDevice()))));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const measured: { readonly [client in keyof typeof clients]: number[] } = {
  floor: [],
  run: [],
  device: [],
  resumingDevice: [],
  sdk: [],
};
for (let round = 0; round <= Number(rounds); round += 1) {
  const figures: string[] = [];
  for (const name of Object.keys(clients) as (keyof typeof clients)[]) {
    const microseconds = await cpuOf(clients[name]);
    figures.push(`${name} ${microseconds.toFixed(0)}`);
    if (round > 0) measured[name].push(microseconds); // the first round compiles
  }
  console.error(`us of CPU: ${figures.join(', ')}`);
}

/** Of each round, so that a machine whose speed drifts favours no side. */
function ratios(client: keyof typeof clients, base: keyof typeof clients): number[] {
  return measured[client].map((microseconds, round) => microseconds / (measured[base][round] ?? Number.NaN));
}

console.log(
  JSON.stringify([
    benchRow('cpu per probe run / floor', ratios('run', 'floor'), { limit: 1.25 }),
    benchRow('cpu per simulated device / floor', ratios('device', 'floor'), { limit: 1.1 }),
    benchRow('cpu per simulated device / Microsoft Node SDK', ratios('device', 'sdk'), { limit: 0.72 }),
    benchRow('cpu per simulated device that resumes its TLS session / floor', ratios('resumingDevice', 'floor'), {
      limit: 0.8,
    }),
  ]),
);
process.exit(0);
