import { build } from 'esbuild';

/**
 * An app as one CommonJS file. Tests that start several hosts in their own process need that: Node loads an ES module, and the chunks that
 * the product is built into, only once in a process.
 */
export async function bundleCjs(projectDirectory: string, entry: string, outfile: string): Promise<void> {
  await build({
    absWorkingDir: projectDirectory,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    external: ['@azure/functions-core'],
    sourcemap: 'linked',
    logLevel: 'error',
  });
}
