/** `npm run build`: the app as one file for the Node worker, and the JSON Schema of the probes for editors. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { probesJsonSchema } from '../src/config/jsonSchema.ts';
import { bundle } from './bundle.ts';
import { isAskedToRun } from './isAskedToRun.ts';
import { projectDirectory, writeIfChanged } from './projectFiles.ts';

export interface BuiltFile {
  /** Relative to the project. */
  readonly path: string;
  readonly bytes: number;
}

/** Files that are already as they should be are not touched. Throws an Error that lists every fault with its place. */
export async function build(directory: string = projectDirectory): Promise<readonly BuiltFile[]> {
  await bundle({ projectDirectory: directory, entry: 'src/main.ts', outFile: 'dist/main.cjs' });
  const schema = `${JSON.stringify(probesJsonSchema(), undefined, 2)}\n`;
  await writeIfChanged(join(directory, 'dist/probes.schema.json'), Buffer.from(schema));
  const paths = ['dist/main.cjs', 'dist/main.cjs.map', 'dist/probes.schema.json'];
  return Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(join(directory, path))).size })));
}

const usage = `npm run build

  Writes dist/: the app as the Node worker loads it, its source map, and the JSON Schema of the probes.
  Exit code: 0 built, 1 the sources have errors, 2 wrong usage.`;

if (import.meta.main && isAskedToRun(usage)) {
  try {
    for (const { path, bytes } of await build()) console.log(`${path}  ${(bytes / 1024).toFixed(0)} KiB`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
