/** Builds the functions host's fixture app into a folder of its own, as `npm run build` builds the product. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { bundle } from '../../src/commands/bundle.ts';

const sources = fileURLToPath(new URL('../local/functionsHost/fixtureApp', import.meta.url));

/** The folder holds host.json, package.json and dist/main.cjs, and goes when the test has finished. */
export async function buildFixtureApp(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'fixture-app-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  for (const file of ['host.json', 'package.json']) await cp(path.join(sources, file), path.join(directory, file));
  const outFile = path.relative(sources, path.join(directory, 'dist/main.cjs'));
  await bundle({ projectDirectory: sources, entry: 'main.ts', outFile });
  return directory;
}
