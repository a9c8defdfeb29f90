/**
 * Whether the emulator needs the same memory for each of 10,000 waiting devices as for each of 2,000, and no more while they wait:
 * `node test/bench/emulator/waitingDevices.ts`. About four minutes and 2 GB of memory, so that it is not part of `npm run bench`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { benchRow } from '../benchDevice.ts';
import type { ServerState } from './registrationServer.ts';

/** For each connection a process needs a descriptor, and many systems allow fewer than 10,000 of them to the clients' process. */
const clientProcesses = 2;
const [warmUp, few, many] = [200, 2_000, 10_000];
/** Longer than the measurement. */
const retryAfterSeconds = 3600;
const waitedMs = 60_000;

const emulator = fork(program('registrationServer.ts'), ['emulator', String(retryAfterSeconds)], {
  execArgv: ['--expose-gc'],
});
const [{ port, ca }] = await once(emulator, 'message');
const clients = Array.from({ length: clientProcesses }, (_, index) =>
  fork(program('waitingClients.ts'), [String(port), ca, `client${index}`]),
);

function program(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

async function stateOf(server: ChildProcess): Promise<ServerState> {
  server.send('state');
  const [state] = await once(server, 'message');
  return state;
}

/** The emulator's memory once so many devices wait: all are connected, and it has nothing more to do. */
async function bytesWith(devices: number): Promise<number> {
  let before = await stateOf(emulator);
  for (const client of clients) client.send((devices - before.connections) / clientProcesses);
  for (;;) {
    await delay(1000);
    const now = await stateOf(emulator);
    // The collection that comes with each look takes some of the time.
    if (now.connections === devices && now.cpuMs - before.cpuMs < 300) return now.rssBytes;
    before = now;
  }
}

try {
  const empty = await bytesWith(warmUp);
  const withFew = await bytesWith(few);
  const withMany = await bytesWith(many);
  await delay(waitedMs);
  const later = await stateOf(emulator);
  if (later.connections !== many) throw new Error(`only ${later.connections} of ${many} devices are still connected`);
  const perDevice = (bytes: number, devices: number) => (bytes - empty) / (devices - warmUp);
  const [eachOfFew, eachOfMany] = [perDevice(withFew, few), perDevice(withMany, many)];
  const kB = (bytes: number) => (bytes / 1000).toFixed(1);
  console.error(`emulator, kB per waiting device: ${kB(eachOfFew)} with ${few}, ${kB(eachOfMany)} with ${many}`);
  console.error(`emulator, MB: ${kB(withMany / 1000)}, and ${kB(later.rssBytes / 1000)} a minute later`);
  for (const row of [
    benchRow(`emulator memory per waiting device, ${many} / ${few}`, [eachOfMany / eachOfFew], { limit: 1.1 }),
    benchRow(`emulator memory, a minute later / as ${many} begin to wait`, [later.rssBytes / withMany], {
      limit: 1.05,
    }),
  ]) {
    console.log(JSON.stringify(row));
  }
} finally {
  for (const child of [emulator, ...clients]) child.kill('SIGKILL');
}
