/** `npm run package`: the deployable zip, production files only, the same bytes from the same sources. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { z } from 'zod';
import { build } from './build.ts';
import { isAskedToRun } from './isAskedToRun.ts';
import { projectDirectory, writeIfChanged } from './projectFiles.ts';

export interface AppPackage {
  readonly zip: Uint8Array;
  /** What is inside, sorted, with its size unpacked. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** Relative to the project. */
const packagePath = 'dist/dps-canary.zip';

/** Packs an app that is built. */
export async function packageApp(directory: string): Promise<AppPackage> {
  const packageJson = deployedPackageJson(await readFile(join(directory, 'package.json'), 'utf8'));
  const files = [
    { path: 'dist/main.cjs', contents: await readFile(join(directory, 'dist/main.cjs')) },
    { path: 'dist/main.cjs.map', contents: await readFile(join(directory, 'dist/main.cjs.map')) },
    { path: 'host.json', contents: await readFile(join(directory, 'host.json')) },
    { path: 'package.json', contents: packageJson },
  ];
  // The first day that a zip can hold. Local time on purpose: that is what a zip writes, so every time zone writes the same.
  const mtime = new Date(1980, 0, 1);
  const entries: Zippable = {};
  for (const { path, contents } of files) entries[path] = [contents, { mtime, level: 9 }];
  return { zip: zipSync(entries), files: files.map(({ path, contents }) => ({ path, bytes: contents.length })) };
}

const packageSchema = z.object({ name: z.string(), version: z.string(), type: z.string(), main: z.string() });

/** Name, version and entry point: with dependencies or scripts in it, Azure would set about installing and building. */
function deployedPackageJson(text: string): Uint8Array {
  return Buffer.from(`${JSON.stringify(packageSchema.parse(JSON.parse(text)), undefined, 2)}\n`);
}

const usage = `npm run package

  Builds the app and packs ${packagePath}: production files only, the same bytes from the same sources.
  Exit code: 0 packed, 1 the sources have errors, 2 wrong usage.`;

if (import.meta.main && isAskedToRun(usage)) {
  try {
    await build();
    const { zip, files } = await packageApp(projectDirectory);
    await writeIfChanged(join(projectDirectory, packagePath), zip);
    for (const { path, bytes } of [...files, { path: packagePath, bytes: zip.length }]) {
      console.log(`${(bytes / 1024).toFixed(0).padStart(7)} KiB  ${path}`);
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
