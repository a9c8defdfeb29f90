import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleCjs } from './bundleCjs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface BuiltApp {
  /** Holds host.json, package.json and the bundle, as a deployed app does. */
  readonly directory: string;
  remove(): Promise<void>;
}

/** The built app in its own folder, so that concurrent tests do not overwrite it. */
export async function buildApp(): Promise<BuiltApp> {
  const directory = await mkdtemp(join(tmpdir(), 'dps-canary-app-'));
  await Promise.all([
    bundleCjs(root, 'src/main.ts', join(directory, 'dist/main.cjs')),
    cp(join(root, 'host.json'), join(directory, 'host.json')),
    writeFile(join(directory, 'package.json'), '{ "main": "dist/main.cjs" }'),
  ]);
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}
