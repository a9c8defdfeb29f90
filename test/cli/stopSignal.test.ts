import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const module = new URL('../../src/cli/start/stopSignal.ts', import.meta.url).href;
const program = `
  import { stopSignal } from '${module}';
  const forever = setInterval(() => undefined, 60_000);
  const stopped = stopSignal();
  console.error('ready');
  console.log(await stopped);
  clearInterval(forever);`;

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('resolves on %s', async (signal) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  await once(child.stderr, 'data');
  child.kill(signal);
  expect(await text(child.stdout)).toBe('stopped\n');
});

it('stops under npm when the shell between the two has ended, because npm ends only that shell', async () => {
  const script = `"${process.execPath}" --input-type=module -e "$PROGRAM"; true`;
  const env = { ...process.env, PROGRAM: program, npm_lifecycle_event: 'start' };
  const shell = spawn('sh', ['-c', script], { env });
  await once(shell.stderr, 'data');
  shell.kill('SIGTERM');
  expect(await text(shell.stdout)).toBe('stopped\n');
});
