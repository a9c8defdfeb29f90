/** Bundles a function app into the files that the Node worker loads. */
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { type RolldownLog, type RolldownOutput, rolldown } from 'rolldown';
import { writeIfChanged } from './projectFiles.ts';
import { withoutUnusedParts } from './withoutUnusedParts.ts';

export interface BundleOptions {
  /** Paths in the bundle and its maps are relative to this folder, so that they are the same on every machine. */
  readonly projectDirectory: string;
  /** Entry point, relative to the project. */
  readonly entry: string;
  /** `….mjs`, relative to the project; a folder `chunks` and the maps are beside it. */
  readonly outFile: string;
}

export interface Bundled {
  /** Relative to the project, sorted. */
  readonly outputs: readonly string[];
  /** Every file that was read, relative to the project. */
  readonly inputs: readonly string[];
}

/**
 * Bundles an app into an ES module and chunks that are imported on demand, so that an invocation parses only what it uses. What is loaded
 * at the start is one file. Functions and classes keep their names, so that stack traces are readable without the maps; variables do not.
 * Throws an Error whose message lists every error with its position.
 */
export async function bundle({ projectDirectory, entry, outFile }: BundleOptions): Promise<Bundled> {
  const folder = join(projectDirectory, dirname(outFile));
  try {
    const { output, inputs } = await bundleInMemory(projectDirectory, entry, outFile);
    const files = output.map(({ fileName }) => join(folder, fileName));
    for (const file of output) {
      const contents = file.type === 'chunk' ? file.code : file.source;
      await writeIfChanged(join(folder, file.fileName), Buffer.from(contents));
    }
    await removeOtherChunks(join(folder, 'chunks'), new Set(files));
    return { outputs: files.map((file) => relative(projectDirectory, file)).toSorted(), inputs };
  } catch (cause) {
    throw new Error(`${entry} could not be bundled:\n${describeFailure(cause, projectDirectory)}`, { cause });
  }
}

interface BundledInMemory {
  readonly output: RolldownOutput['output'];
  readonly inputs: readonly string[];
}

async function bundleInMemory(projectDirectory: string, entry: string, outFile: string): Promise<BundledInMemory> {
  const unresolved: RolldownLog[] = [];
  await using bundler = await rolldown({
    cwd: projectDirectory,
    input: { [basename(outFile, '.mjs')]: resolve(projectDirectory, entry) },
    platform: 'node',
    transform: { target: 'node24' },
    // The worker itself provides this module to require(); there is no package with this name.
    external: ['@azure/functions-core'],
    plugins: [withoutUnusedParts()],
    // By default, a package that is missing counts as one that is present at run time.
    onLog: (_level, log) => void (log.code === 'UNRESOLVED_IMPORT' && unresolved.push(log)),
  });
  const { output } = await bundler.generate({
    dir: dirname(join(projectDirectory, outFile)),
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: 'chunks/[name]-[hash].mjs',
    codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] },
    minify: { compress: true, mangle: { toplevel: true, keepNames: true }, codegen: true },
    comments: { legal: true, annotation: false, jsdoc: false },
    sourcemap: true,
    // The map contains positions and names. With the sources it would be three times as large.
    sourcemapExcludeSources: true,
  });
  if (unresolved.length > 0) throw new AggregateError(unresolved);
  return { output, inputs: (await bundler.watchFiles).map((file) => relative(projectDirectory, file)) };
}

/** Chunk names contain a hash of the contents, so chunks of earlier builds are not overwritten. */
async function removeOtherChunks(folder: string, kept: ReadonlySet<string>): Promise<void> {
  const files = await readdir(folder).catch(() => []);
  const left = files.map((file) => join(folder, file)).filter((file) => !kept.has(file));
  await Promise.all(left.map((file) => rm(file, { force: true })));
}

/** A line for each error. The bundler's messages are several lines with colours and an extract of the source. */
function describeFailure(cause: unknown, projectDirectory: string): string {
  const { errors } = cause as { readonly errors?: readonly RolldownLog[] };
  if (errors === undefined) return `  ${cause instanceof Error ? cause.message : cause}`;
  return errors
    .map(({ message, loc }) => {
      const [summary = ''] = stripVTControlCharacters(message)
        .replace(/^\[\w+\] /, '')
        .split('\n');
      if (loc?.file === undefined) return `  ${summary}`;
      return `  ${relative(projectDirectory, loc.file)}:${loc.line}:${loc.column + 1}: ${summary}`;
    })
    .join('\n');
}
