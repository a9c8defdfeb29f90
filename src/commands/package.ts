/** `npm run package`: the deployable zip, production files only, the same bytes from the same sources. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { z } from 'zod';
import { build } from './build.ts';
import { projectDirectory } from './projectDirectory.ts';
import { writeIfChanged } from './writeIfChanged.ts';

export interface AppPackage {
  /** Relative to the project. */
  readonly path: string;
  readonly bytes: number;
  /** What is inside, sorted, with its size unpacked. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

const packagePath = 'dist/dps-canary.zip';

/** The first day that a zip can hold. Local time on purpose: that is what a zip writes, so every time zone writes the same. */
const entryTime = new Date(1980, 0, 1);

/** Builds first, and throws as `build` does. */
export async function packageApp(directory: string = projectDirectory): Promise<AppPackage> {
  await build(directory);
  const contents: Record<string, Uint8Array> = {
    'dist/main.cjs': await readFile(join(directory, 'dist/main.cjs')),
    'dist/main.cjs.map': await readFile(join(directory, 'dist/main.cjs.map')),
    'host.json': await readFile(join(directory, 'host.json')),
    'package.json': deployedPackageJson(await readFile(join(directory, 'package.json'), 'utf8')),
  };
  const paths = Object.keys(contents).sort();
  const entries: Zippable = {};
  for (const path of paths) entries[path] = [contents[path] ?? new Uint8Array(), { mtime: entryTime, level: 9 }];
  const zip = zipSync(entries);
  await writeIfChanged(join(directory, packagePath), zip);
  return {
    path: packagePath,
    bytes: zip.length,
    files: paths.map((path) => ({ path, bytes: contents[path]?.length ?? 0 })),
  };
}

const packageSchema = z.object({ name: z.string(), version: z.string(), type: z.string(), main: z.string() });

/** Name, version and entry point: with dependencies or scripts in it, Azure would set about installing and building. */
function deployedPackageJson(text: string): Uint8Array {
  return Buffer.from(`${JSON.stringify(packageSchema.parse(JSON.parse(text)), undefined, 2)}\n`);
}

if (import.meta.main) {
  try {
    const { path, bytes, files } = await packageApp();
    const size = (count: number) => `${(count / 1024).toFixed(0)} KiB`.padStart(10);
    for (const file of files) console.log(`${size(file.bytes)}  ${file.path}`);
    console.log(`${size(bytes)}  ${path}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
