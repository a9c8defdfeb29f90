/** A program: starts as many devices as its parent says, and leaves them waiting for `retry-after` until its parent ends it. */
import { argv } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { benchDevices } from '../benchDevices.ts';
import { registerOnFloor } from '../clients/floorClient.ts';

const [port = '0', ca = '', prefix = ''] = argv.slice(2);
/** Slower than the emulator on one core, so that no connection waits in its backlog. */
const startEveryMs = 15;
/** So that the devices need not ping while they wait. */
const keepAliveSeconds = 3600;
const secureContext = createSecureContext({ ca });
const nextDevice = benchDevices(Number(port), prefix);

function startDevice(): void {
  const device = nextDevice();
  const { registrationId } = device;
  registerOnFloor(device, secureContext, keepAliveSeconds).then(
    () => fail(`${registrationId} did not wait`),
    (error: unknown) => fail(`${registrationId}: ${error}`),
  );
}

function fail(message: string): void {
  console.error(message);
  process.exit(1);
}

process.on('message', async (devices: number) => {
  for (let left = devices; left > 0; left -= 1) {
    startDevice();
    await delay(startEveryMs);
  }
});
process.on('disconnect', () => process.exit());
