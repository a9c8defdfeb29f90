/** `npm run package`: the deployable zip, production files only, the same bytes from the same sources. */
import { glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { unzipSync, type Zippable, zipSync } from 'fflate';
import { z } from 'zod';
import { build } from './build.ts';
import { projectDirectory, writeIfChanged } from './projectFiles.ts';

export interface AppPackage {
  readonly zip: Uint8Array;
  /** The files in the zip, sorted, with their unpacked sizes. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** Relative to the project. */
const packagePath = 'dist/dps-canary.zip';
const unpackedPath = 'dist/azd';

/** Packs a built app. */
export async function packageApp(directory: string): Promise<AppPackage> {
  const packageJson = deployedPackageJson(await readFile(join(directory, 'package.json'), 'utf8'));
  const modules = [];
  for await (const path of glob('dist/{main.mjs,chunks/*.mjs}', { cwd: directory })) modules.push(path);
  const files: { readonly path: string; readonly contents: Uint8Array }[] = [];
  // Without source maps: the worker does not read them, and a build from the same sources creates the same maps.
  for (const path of [...modules.toSorted(), 'host.json']) {
    files.push({ path, contents: await readFile(join(directory, path)) });
  }
  files.push({ path: 'package.json', contents: packageJson });
  // The first day that a zip can represent. In local time, because a zip stores local time: the bytes are the same in every
  // time zone.
  const mtime = new Date(1980, 0, 1);
  const entries: Zippable = {};
  for (const { path, contents } of files) entries[path] = [contents, { mtime, level: 9 }];
  return { zip: zipSync(entries), files: files.map(({ path, contents }) => ({ path, bytes: contents.length })) };
}

const packageSchema = z.object({ name: z.string(), version: z.string(), type: z.string(), main: z.string() });

/** Name, version and entry point: with dependencies or scripts, Azure would start to install and build. */
function deployedPackageJson(text: string): Uint8Array {
  return Buffer.from(`${JSON.stringify(packageSchema.parse(JSON.parse(text)), undefined, 2)}\n`);
}

const usage = `npm run package [-- --unpacked]

  Builds the app and packs ${packagePath}: production files only, the same bytes from the same sources.
  --unpacked         also writes the files to ${unpackedPath}, which azd deploys
  Exit code: 0 packed, 1 the sources have errors, 2 wrong usage.`;

/** Replaces the folder with the contents of the zip. */
export async function unpack(zip: Uint8Array, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [path, contents] of Object.entries(unzipSync(zip))) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), contents);
  }
}

async function main({ unpacked }: { readonly unpacked?: boolean }): Promise<void> {
  // An older package must not be deployed if this fails.
  await rm(join(projectDirectory, unpackedPath), { recursive: true, force: true });
  await build();
  const { zip, files } = await packageApp(projectDirectory);
  await writeIfChanged(join(projectDirectory, packagePath), zip);
  if (unpacked) await unpack(zip, join(projectDirectory, unpackedPath));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  console.log(`${packagePath}  ${kib(zip.length)}: ${files.length} files, ${kib(bytes)} unpacked`);
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}

if (import.meta.main) {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean' }, unpacked: { type: 'boolean' } } });
    if (values.help) console.log(usage);
    else await main(values);
  } catch (error) {
    const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    console.error(error instanceof Error ? error.message : error);
    if (isUsage) console.error(`\n${usage}`);
    process.exitCode = isUsage ? 2 : 1;
  }
}
