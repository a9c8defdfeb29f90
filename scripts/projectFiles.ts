import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with host.json, package.json and src, whatever the current directory is. */
export const projectDirectory = fileURLToPath(new URL('..', import.meta.url));

/**
 * Writes a file atomically, so that a functions host never reads half of it. Does not write if the contents are the same. Returns whether
 * it wrote.
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
