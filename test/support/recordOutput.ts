import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory } from '../../scripts/projectFiles.ts';

let written = 0;

/** Writes what the app returned or logged in a test to the folder that `npm test` searches for planted secrets after the run. */
export function recordOutput(name: string, text: string): void {
  const folder = join(projectDirectory, 'test/output/seen');
  mkdirSync(folder, { recursive: true });
  written += 1;
  writeFileSync(join(folder, `${name}-${process.pid}-${written}.txt`), text);
}
