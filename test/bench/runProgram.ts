import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Runs a program, named from this folder, in its own process and reads the JSON that it prints last; its other output is written to stderr. */
export async function runProgram<T>(
  program: string,
  args: readonly (string | number)[],
  { caFile, nodeFlags = [] }: { readonly caFile?: string; readonly nodeFlags?: readonly string[] } = {},
): Promise<T> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [...nodeFlags, file, ...args.map(String)], {
    env: { ...process.env, ...(caFile && { NODE_EXTRA_CA_CERTS: caFile }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (code !== 0) throw new Error(`${program} ended with exit code ${code}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}
