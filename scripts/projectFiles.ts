import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout: where host.json, package.json and src lie, wherever a command is called from. */
export const projectDirectory = fileURLToPath(new URL('..', import.meta.url));

/**
 * Writes a file whole or not at all, and leaves it alone when it already says the same: a host that is just loading it
 * never reads half of it. Tells whether it wrote.
 */
export async function writeIfChanged(file: string, contents: Uint8Array): Promise<boolean> {
  const existing = await readFile(file).catch(() => undefined);
  if (existing?.equals(contents)) return false;
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, contents);
  await rename(draft, file);
  return true;
}
