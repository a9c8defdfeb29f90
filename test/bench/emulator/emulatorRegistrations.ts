/** Registrations per second of the emulator's CPU, compared with a bare server. CPU time excludes other load of the machine. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createSecureContext, type SecureContext } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type BenchDevice, type BenchRow, benchRow } from '../benchDevice.ts';
import { benchDevices } from '../benchDevices.ts';
import { registerOnFloor } from '../clients/floorClient.ts';

const concurrency = 16;
/** The servers are measured alternately with few devices each, so that a machine whose speed drifts does not favour one of them. */
const devicesPerTurn = 50;

export async function emulatorRegistrations(quick: boolean): Promise<readonly BenchRow[]> {
  const [repetitions, turns] = quick ? [9, 2] : [21, 4];
  const emulator = await startServer('emulator');
  const bare = await startServer('bare');
  const ratios: number[] = [];
  try {
    for (const server of [emulator, bare]) await register(server, 4 * devicesPerTurn); // compiled by then
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      const before = [await cpuMs(emulator), await cpuMs(bare)] as const;
      for (let turn = 0; turn < turns; turn += 1)
        for (const server of [emulator, bare]) await register(server, devicesPerTurn);
      const ours = (await cpuMs(emulator)) - before[0];
      const floor = (await cpuMs(bare)) - before[1];
      ratios.push(floor / ours);
      const each = (used: number) => (used / (turns * devicesPerTurn)).toFixed(2);
      console.error(`CPU per registration: emulator ${each(ours)} ms, bare server ${each(floor)} ms`);
    }
  } finally {
    for (const { child } of [emulator, bare]) child.disconnect();
  }
  return [benchRow('emulator registrations / bare server', ratios, { limit: 0.8, direction: 'atLeast' })];
}

interface Server {
  readonly child: ChildProcess;
  readonly secureContext: SecureContext;
  readonly nextDevice: () => BenchDevice;
}

async function startServer(kind: 'emulator' | 'bare'): Promise<Server> {
  const child = fork(fileURLToPath(new URL('registrationServer.ts', import.meta.url)), [kind]);
  const [{ port, ca }] = await once(child, 'message');
  return { child, secureContext: createSecureContext({ ca }), nextDevice: benchDevices(port) };
}

async function register({ secureContext, nextDevice }: Server, devices: number): Promise<void> {
  let left = devices;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await registerOnFloor(nextDevice(), secureContext);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

async function cpuMs({ child }: Server): Promise<number> {
  child.send('cpu');
  const [used] = await once(child, 'message');
  return used.cpuMs;
}
