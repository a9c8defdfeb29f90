/** The one way in which a function app becomes a file that the Node worker loads. */
import { join } from 'node:path';
import { type BuildFailure, build } from 'esbuild';
import { writeIfChanged } from './projectFiles.ts';

export interface BundleOptions {
  /** Paths in the bundle and its map are relative to this folder, so that they are the same on every machine. */
  readonly projectDirectory: string;
  /** Entry point, relative to the project. */
  readonly entry: string;
  /** `….cjs`, relative to the project; the map lies beside it. */
  readonly outFile: string;
}

/**
 * Bundles an app into one CommonJS file: the quickest form for the worker to load. `await import()` stays lazy inside it:
 * such a module is in the file and is evaluated when first asked for. Not minified: measured, it loads no faster, and an
 * Azure log without source maps stays readable.
 * Throws an Error whose message lists every fault with its place.
 */
export async function bundle({ projectDirectory, entry, outFile }: BundleOptions): Promise<void> {
  try {
    const { outputFiles } = await build({
      write: false,
      absWorkingDir: projectDirectory,
      entryPoints: [entry],
      outfile: join(projectDirectory, outFile),
      bundle: true,
      platform: 'node',
      target: 'node22',
      format: 'cjs',
      // Built into the worker, which answers require() for it; no package of that name exists.
      external: ['@azure/functions-core'],
      sourcemap: 'linked',
      // The map gives places and names; the sources themselves would triple it.
      sourcesContent: false,
      keepNames: true,
      logLevel: 'silent',
    });
    for (const { path, contents } of outputFiles) await writeIfChanged(path, contents);
  } catch (cause) {
    throw new Error(describeFailure(cause, entry), { cause });
  }
}

function describeFailure(cause: unknown, entry: string): string {
  const { errors } = cause as Partial<BuildFailure>;
  if (errors === undefined) return `${entry} could not be bundled: ${cause instanceof Error ? cause.message : cause}`;
  const faults = errors.map(({ text, location }) =>
    location === null ? `  ${text}` : `  ${location.file}:${location.line}:${location.column + 1}: ${text}`,
  );
  return `${entry} could not be bundled:\n${faults.join('\n')}`;
}
