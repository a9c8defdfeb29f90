/** The one way in which a function app becomes the files that the Node worker loads. */
import { readdir, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type BuildFailure, build, type Metafile, type Plugin, stop } from 'esbuild';
import { writeIfChanged } from './projectFiles.ts';

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

/** Libraries in the CommonJS format ask for Node's modules by `require`, which an ES module does not have. */
const requireInModules = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/** Widths of the fonts of badge styles that are never drawn, two thirds of a megabyte: one width for all characters is left of each. */
const withoutUnusedFonts: Plugin = {
  name: 'without unused fonts',
  setup(builder) {
    const tables = /anafanafo.data.(?:helvetica-11px-bold|verdana-10px-bold|verdana-10px-normal)\.json$/;
    builder.onLoad({ filter: tables }, () => ({ contents: '[[0,1114111,7]]', loader: 'json' }));
  },
};

/**
 * Bundles an app into an ES module and the chunks that it imports when they are needed: what an invocation does not use is never parsed.
 * Minified, because that halves what is uploaded and parsed; functions keep their names, so a stack trace says where it was, and the
 * maps beside the bundle give the lines.
 * Throws an Error whose message lists every error with its place.
 */
export async function bundle({ projectDirectory, entry, outFile }: BundleOptions): Promise<Bundled> {
  const folder = join(projectDirectory, dirname(outFile));
  try {
    const { outputFiles, metafile } = await build({
      write: false,
      absWorkingDir: projectDirectory,
      entryPoints: { [outFile.slice(dirname(outFile).length + 1, -'.mjs'.length)]: entry },
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      chunkNames: 'chunks/[name]-[hash]',
      bundle: true,
      splitting: true,
      platform: 'node',
      target: 'node22',
      format: 'esm',
      banner: { js: requireInModules },
      // Built into the worker, which answers require() for it; no package of that name exists.
      external: ['@azure/functions-core'],
      sourcemap: 'linked',
      // The map gives places and names; the sources themselves would triple it.
      sourcesContent: false,
      minify: true,
      keepNames: true,
      plugins: [withoutUnusedFonts],
      metafile: true,
      logLevel: 'silent',
    });
    refuseCommonJs(metafile);
    for (const { path, contents } of outputFiles) await writeIfChanged(path, contents);
    const outputs = outputFiles.map(({ path }) => relative(projectDirectory, path)).toSorted();
    await removeOtherChunks(join(folder, 'chunks'), new Set(outputFiles.map(({ path }) => path)));
    return { outputs, inputs: Object.keys(metafile.inputs) };
  } catch (cause) {
    throw new Error(describeFailure(cause, entry), { cause });
  } finally {
    await stop(); // the bundler would stay in memory, with several hundred megabytes
  }
}

/** `await import('a-commonjs-package')` has its names in Node, and in a bundle nothing but `default`. */
function refuseCommonJs({ outputs }: Metafile): void {
  const nameless = Object.values(outputs)
    .filter(({ entryPoint, exports }) => entryPoint?.includes('node_modules') && exports.join() === 'default')
    .map(({ entryPoint }) => entryPoint);
  if (nameless.length > 0) {
    throw new Error(`${nameless.join(', ')} is CommonJS: import it in a module of ours, and that one with import()`);
  }
}

/** Chunks are named by their contents: those of earlier builds are not overwritten. */
async function removeOtherChunks(folder: string, kept: ReadonlySet<string>): Promise<void> {
  const files = await readdir(folder).catch(() => []);
  const left = files.map((file) => join(folder, file)).filter((file) => !kept.has(file));
  await Promise.all(left.map((file) => rm(file, { force: true })));
}

function describeFailure(cause: unknown, entry: string): string {
  const { errors } = cause as Partial<BuildFailure>;
  if (errors === undefined) return `${entry} could not be bundled: ${cause instanceof Error ? cause.message : cause}`;
  const lines = errors.map(({ text, location }) =>
    location === null ? `  ${text}` : `  ${location.file}:${location.line}:${location.column + 1}: ${text}`,
  );
  return `${entry} could not be bundled:\n${lines.join('\n')}`;
}
