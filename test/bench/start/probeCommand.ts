/** Time from `npm run probe` to the first packet, compared with an empty `npm run`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { projectDirectory } from '../../../scripts/projectFiles.ts';
import { type EmulatorRequest, startEmulator } from '../../../src/emulator/startEmulator.ts';
import { type BenchRow, benchRow } from '../benchDevice.ts';

const idScope = '0neBENCH';
const registrationId = 'bench';
const primaryKey = Buffer.from('a key of the benchmark, nothing else').toString('base64');

export async function probeCommand(quick: boolean): Promise<readonly BenchRow[]> {
  const emptyProject = await mkdtemp(join(tmpdir(), 'bench-probe-'));
  await writeFile(join(emptyProject, 'package.json'), JSON.stringify({ scripts: { empty: ':' } }));
  let onConnect: (() => void) | undefined;
  const emulator = await startEmulator({
    configuration: {
      idScope,
      retryAfterSeconds: 0,
      individualEnrollments: [{ registrationId, attestation: { type: 'symmetricKey', symmetricKey: { primaryKey } } }],
    },
    host: '127.0.0.1',
    mqttsPort: 0,
    wssPort: 0,
    hubPort: 0,
  });
  emulator.watch(({ service, kind }: EmulatorRequest) => {
    if (service === 'dps' && kind === 'connect') onConnect?.();
  });
  const device = ['--id-scope', idScope, '--registration-id', registrationId];
  const probe = ['probe', '--', ...device, '--endpoint', `localhost:${emulator.mqttsPort}`, '--key-env', 'BENCH_KEY'];
  const environment = { NODE_EXTRA_CA_CERTS: emulator.caFile, BENCH_KEY: primaryKey };

  async function msToConnect(): Promise<number> {
    const connected = new Promise<number>((resolve) => {
      onConnect = () => resolve(performance.now());
    });
    const start = performance.now();
    const ended = exitOf(npmRun(projectDirectory, probe, environment));
    const [connectedMs] = await Promise.all([connected, ended]);
    return connectedMs - start;
  }

  async function msOfEmpty(): Promise<number> {
    const start = performance.now();
    await exitOf(npmRun(emptyProject, ['empty'], {}));
    return performance.now() - start;
  }

  const ratios: number[] = [];
  try {
    await msToConnect(); // Node compiles the modules once, and caches the code for the next start.
    for (let round = 0; round < (quick ? 5 : 15); round += 1) {
      const [probeMs, emptyMs] = [await msToConnect(), await msOfEmpty()];
      ratios.push(probeMs / emptyMs);
      console.error(`probe to CONNECT ${probeMs.toFixed(0)} ms, empty npm run ${emptyMs.toFixed(0)} ms`);
    }
  } finally {
    await emulator.close();
    await rm(emptyProject, { recursive: true, force: true });
  }
  return [benchRow('probe command to CONNECT / empty npm run', ratios, { limit: 3 })];
}

function npmRun(folder: string, args: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  const env = { ...process.env, ...environment };
  return spawn('npm', ['run', '--silent', ...args], { cwd: folder, env, stdio: 'ignore' });
}

async function exitOf(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`npm run ended with exit code ${code}`);
}
