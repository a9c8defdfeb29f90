/** `npm run build`: the app for the Node worker, and the JSON Schema of the probes for editors. Does nothing if no source has changed. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAskedToRun } from './isAskedToRun.ts';
import { projectDirectory, writeIfChanged } from './projectFiles.ts';

export interface BuiltFile {
  /** Relative to the project. */
  readonly path: string;
  readonly bytes: number;
}

const schemaFile = 'dist/probes.schema.json';
/** What the last build read and wrote. */
const recordFile = 'dist/build.json';
/** Inputs besides the sources: the packages and the build scripts. */
const alwaysRead = [
  'package.json',
  'package-lock.json',
  'scripts/build.ts',
  'scripts/bundle.ts',
  'scripts/withoutUnusedParts.ts',
  'src/config/jsonSchema.ts',
];

/** For each file, a value that changes with the file. */
type Stamps = Readonly<Record<string, string>>;

interface BuildRecord {
  readonly inputs: Stamps;
  readonly outputs: Stamps;
}

/** Does not touch files that are up to date. Throws an Error that lists every error with its position. */
export async function build(directory: string = projectDirectory): Promise<readonly BuiltFile[]> {
  const record = await readRecord(directory);
  if (record !== undefined && (await isCurrent(directory, record)))
    return sizesOf(directory, Object.keys(record.outputs));

  // Loaded only when there is something to build, because loading the bundler takes most of the start time.
  const [{ bundle }, { probesJsonSchema }] = await Promise.all([
    import('./bundle.ts'),
    import('../src/config/jsonSchema.ts'),
  ]);
  const { inputs, outputs } = await bundle({
    projectDirectory: directory,
    entry: 'src/main.ts',
    outFile: 'dist/main.mjs',
  });
  const schema = `${JSON.stringify(probesJsonSchema(), undefined, 2)}\n`;
  await writeIfChanged(join(directory, schemaFile), Buffer.from(schema));
  const written = [...outputs, schemaFile];
  const built = {
    inputs: await stampsOf(directory, [...inputs, ...alwaysRead]),
    outputs: await stampsOf(directory, written),
  } satisfies BuildRecord;
  await writeIfChanged(join(directory, recordFile), Buffer.from(JSON.stringify(built)));
  return sizesOf(directory, written);
}

async function readRecord(directory: string): Promise<BuildRecord | undefined> {
  try {
    const { inputs, outputs }: Partial<BuildRecord> = JSON.parse(await readFile(join(directory, recordFile), 'utf8'));
    return inputs && outputs && { inputs, outputs };
  } catch {
    return undefined;
  }
}

async function isCurrent(directory: string, { inputs, outputs }: BuildRecord): Promise<boolean> {
  const recorded = Object.entries({ ...inputs, ...outputs });
  const now = await stampsOf(
    directory,
    recorded.map(([path]) => path),
  );
  return recorded.every(([path, stamp]) => now[path] === stamp);
}

async function stampsOf(directory: string, paths: readonly string[]): Promise<Stamps> {
  const stamps = paths.map(async (path) => {
    const file = await stat(join(directory, path)).catch(() => undefined);
    return [path, file === undefined ? 'missing' : `${file.mtimeMs} ${file.size}`] as const;
  });
  return Object.fromEntries(await Promise.all(stamps));
}

function sizesOf(directory: string, paths: readonly string[]): Promise<readonly BuiltFile[]> {
  return Promise.all(paths.toSorted().map(async (path) => ({ path, bytes: (await stat(join(directory, path))).size })));
}

const usage = `npm run build

  Writes dist/: the app as the Node worker loads it, its source maps, and the JSON Schema of the probes.
  Exit code: 0 built, 1 the sources have errors, 2 wrong usage.`;

if (import.meta.main && isAskedToRun(usage)) {
  try {
    const files = await build();
    const bytes = (extension: string) =>
      files.filter(({ path }) => path.endsWith(extension)).reduce((sum, file) => sum + file.bytes, 0);
    const entry = files.find(({ path }) => path === 'dist/main.mjs');
    console.log(
      `dist/main.mjs  ${kib(entry?.bytes ?? 0)}, with its chunks ${kib(bytes('.mjs'))}, maps ${kib(bytes('.map'))}`,
    );
    console.log(`${schemaFile}  ${kib(bytes('.json'))}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}
