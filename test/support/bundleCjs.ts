import { build } from 'rolldown';

/**
 * An app as one CommonJS file. Tests that start several hosts in their own process need that: Node loads an ES module, and the chunks that
 * the product is built into, only once in a process.
 */
export async function bundleCjs(projectDirectory: string, entry: string, outfile: string): Promise<void> {
  await build({
    cwd: projectDirectory,
    input: entry,
    platform: 'node',
    external: ['@azure/functions-core'],
    logLevel: 'silent',
    output: { file: outfile, format: 'cjs', codeSplitting: false, sourcemap: true },
  });
}
