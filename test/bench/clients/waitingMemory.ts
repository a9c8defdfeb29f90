/**
 * Memory of one device that waits for retry-after: what the process has grown by when N devices wait, divided by N. Resident
 * memory, because most of a TLS connection lives outside the JavaScript heap. A program of its own for each client.
 */

import { argv, exit } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchDevice } from '../benchDevice.ts';
import { benchDevices } from '../benchDevices.ts';

const [client = 'exchange', port = '0', count = '400'] = argv.slice(2);
const warmUp = 50;
const nextDevice = benchDevices(Number(port));

/** Loads only one client, so that the modules of the others are not measured. */
async function clientNamed(name: string): Promise<(device: BenchDevice) => Promise<unknown>> {
  switch (name) {
    case 'exchange':
      return (await import('./exchangeClient.ts')).registerWithExchange;
    case 'mqttJs':
      return (await import('./mqttJsClient.ts')).registerWithMqttJs;
    default:
      return (await import('./sdkClient.ts')).registerWithSdk;
  }
}

/** Starts the devices, and waits until all are connected and idle: the next event is the end of their waiting time. */
async function startAndSettle(register: (device: BenchDevice) => Promise<unknown>, devices: number): Promise<number> {
  for (let started = 0; started < devices; started += 1) {
    void register(nextDevice()).catch(() => undefined);
    if (started % 20 === 19) await quiet();
  }
  await quiet();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

/** Waits until the process is idle: every response has been read, and only timers remain. */
async function quiet(): Promise<void> {
  for (;;) {
    const before = process.cpuUsage();
    await delay(100);
    const { user, system } = process.cpuUsage(before);
    if (user + system < 10_000) return;
  }
}

const register = await clientNamed(client);
const empty = await startAndSettle(register, warmUp);
const full = await startAndSettle(register, Number(count));
console.log(JSON.stringify({ bytesPerDevice: (full - empty) / Number(count) }));
exit(0);
