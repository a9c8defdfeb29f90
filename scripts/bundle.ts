/** Bundles a function app into the files that the Node worker loads. */
import { readdir, readFile, rm } from 'node:fs/promises';
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

/** Libraries in the CommonJS format load Node's modules with `require`, which an ES module does not have. */
const requireInModules = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/** Badges contain only Latin letters and punctuation. All characters from here on get the same width. */
const firstUnusedCharacter = 0x2200;

/** Reduces four tables of character widths from 0.9 MB to 26 KB: only one badge style is used, with few characters. */
const withoutUnusedCharacters: Plugin = {
  name: 'without unused characters',
  setup(builder) {
    builder.onLoad({ filter: /anafanafo.data.[\w-]+\.json$/ }, async ({ path }) => {
      const widths: readonly (readonly number[])[] = JSON.parse(await readFile(path, 'utf8'));
      const isDrawn = path.endsWith('verdana-11px-normal.json');
      const used = isDrawn ? widths.filter(([first = 0]) => first < firstUnusedCharacter) : [];
      const others = [isDrawn ? firstUnusedCharacter : 0, 0x10_ffff, 7];
      return { contents: JSON.stringify([...used, others]), loader: 'json' };
    });
  },
};

/**
 * Bundles an app into an ES module and chunks that are imported on demand, so that an invocation parses only what it uses. The output has
 * no whitespace, but keeps its identifiers: shorter ones would save a seventh of the package, but stack traces would be unreadable without
 * the maps. esbuild's `keepNames` has both advantages, but adds a twelfth to the load time.
 * Throws an Error whose message lists every error with its position.
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
      // The worker itself provides this module to require(); there is no package with this name.
      external: ['@azure/functions-core'],
      sourcemap: 'linked',
      // The map contains positions and names. With the sources it would be three times as large.
      sourcesContent: false,
      minifyWhitespace: true,
      minifySyntax: true,
      plugins: [withoutUnusedCharacters],
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
    await stop(); // otherwise the bundler stays in memory, with several hundred megabytes
  }
}

/** `await import('a-commonjs-package')` has named exports in Node, but only `default` in a bundle. */
function refuseCommonJs({ outputs }: Metafile): void {
  const nameless = Object.values(outputs)
    .filter(({ entryPoint, exports }) => entryPoint?.includes('node_modules') && exports.join() === 'default')
    .map(({ entryPoint }) => entryPoint);
  if (nameless.length > 0) {
    throw new Error(
      `${nameless.join(', ')} is CommonJS: import it in a module of src, and load that module with import()`,
    );
  }
}

/** Chunk names contain a hash of the contents, so chunks of earlier builds are not overwritten. */
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
