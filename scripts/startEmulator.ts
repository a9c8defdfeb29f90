import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { trust } from '../test/support/trust.ts';
import { projectDirectory } from './projectFiles.ts';

export interface RunningEmulator {
  /** Ports on localhost. */
  readonly mqtts: number;
  readonly wss: number;
  readonly hub: number;
  /** PEM of the authority to trust. */
  readonly caFile: string;
  readonly close: () => Promise<void>;
}

/** Starts `npm run emulator` with this configuration in a separate process, and makes this process trust its certificate. */
export async function startEmulator(configuration: object): Promise<RunningEmulator> {
  const folder = mkdtempSync(join(tmpdir(), 'emulator-'));
  const file = join(folder, 'enrollments.json');
  writeFileSync(file, JSON.stringify(configuration));
  const program = join(projectDirectory, 'src/cli/emulator.ts');
  const args = ['--port', '0', '--ws-port', '0', '--hub-port', '0', '--config', file, '--json'];
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [first] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('the emulator ended before it listened'))),
  ]);
  lines.close();
  child.stdout.resume();
  const { mqtts, wss, hub, caFile } = JSON.parse(String(first));
  trust(readFileSync(caFile, 'utf8'));
  return {
    mqtts,
    wss,
    hub,
    caFile,
    close: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
