/**
 * Client CPU per registration: our exchange against the floor and against Microsoft's SDK, in turns in one process, the server in
 * another. Runs as a program of its own: `NODE_EXTRA_CA_CERTS` must name the stand-in's root when it starts.
 */
import { argv } from 'node:process';
import { createSecureContext } from 'node:tls';
import pLimit from 'p-limit';
import { type BenchRow, benchRow } from './benchDevice.ts';
import { benchDevices } from './benchDevices.ts';
import { registerWithExchange } from './exchangeClient.ts';
import { registerOnFloor } from './floorClient.ts';
import { registerWithSdk } from './sdkClient.ts';

const [port = '0', rounds = '7', perRound = '200'] = argv.slice(2);
const atOnce = 20;
const sharedContext = createSecureContext({ minVersion: 'TLSv1.2' });
const nextDevice = benchDevices(Number(port));

/** CPU microseconds per registration. */
async function measure(register: (device: ReturnType<typeof nextDevice>) => Promise<unknown>): Promise<number> {
  const limit = pLimit(atOnce);
  const count = Number(perRound);
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: count }, () => limit(() => register(nextDevice()))));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const floorRatios: number[] = [];
const sdkRatios: number[] = [];
for (let round = 0; round <= Number(rounds); round += 1) {
  const ours = await measure(registerWithExchange);
  const floor = await measure((device) => registerOnFloor(device, sharedContext));
  const sdk = await measure(registerWithSdk);
  if (round === 0) continue; // compiles
  floorRatios.push(ours / floor);
  sdkRatios.push(ours / sdk);
  console.error(`us per registration: ours ${ours.toFixed(0)}, floor ${floor.toFixed(0)}, SDK ${sdk.toFixed(0)}`);
}
const rows: BenchRow[] = [
  benchRow('client CPU per registration / bare tls + mqtt-packet', floorRatios, 1.2),
  benchRow('client CPU per registration / Microsoft Node SDK', sdkRatios, 0.65),
];
console.log(JSON.stringify(rows));
