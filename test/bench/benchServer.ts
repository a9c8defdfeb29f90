import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { benchConfiguration } from './benchDevices.ts';

export interface BenchServer {
  readonly port: number;
  readonly caFile: string;
  readonly close: () => Promise<void>;
}

const emulator = fileURLToPath(new URL('../../src/cli/emulator.ts', import.meta.url));

/** The stand-in in a separate process, so that its work is not counted as the client's. */
export async function startBenchServer(retryAfterSeconds: number): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const config = join(folder, 'enrollments.json');
  writeFileSync(config, JSON.stringify(benchConfiguration(retryAfterSeconds)));
  const args = ['--port', '0', '--ws-port', '0', '--hub-port', '0', '--config', config, '--json'];
  const child = spawn(process.execPath, [emulator, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [first] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('the stand-in ended before it listened'))),
  ]);
  lines.close();
  child.stdout.resume();
  const { mqtts, caFile } = JSON.parse(String(first));
  return {
    port: mqtts,
    caFile,
    close: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
