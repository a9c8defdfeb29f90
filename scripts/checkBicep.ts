import { glob, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { findBicepCli } from './bicepCli.ts';
import { type BicepCompilation, type BicepServer, startBicepServer } from './bicepServer.ts';
import { projectDirectory } from './projectFiles.ts';

/** The result of checking the Bicep files. `errors` are sentences that name a file. */
export type BicepCheck =
  | { readonly kind: 'passed'; readonly files: number }
  | { readonly kind: 'failed'; readonly errors: readonly string[] }
  | { readonly kind: 'skipped'; readonly reason: string };

/**
 * Compiles, lints and checks the format of every Bicep file in `infra`, and of the parameter files of the tests. `server` is a running
 * compiler; without one, it starts and stops its own.
 */
export async function checkBicep(root: string = projectDirectory, server?: BicepServer): Promise<BicepCheck> {
  if (server !== undefined) return checkFiles(root, server);
  const cli = await findBicepCli(root);
  if (cli.kind === 'absent') return { kind: 'skipped', reason: cli.reason };
  const own = startBicepServer(cli.path);
  try {
    return await checkFiles(root, own);
  } finally {
    await own.stop();
  }
}

async function checkFiles(root: string, bicep: BicepServer): Promise<BicepCheck> {
  const modules = await filesIn(root, 'infra/**/*.bicep');
  const parameters = await filesIn(root, '{infra,test/infra}/**/*.bicepparam');
  const errors: string[] = [];
  for (const file of modules) errors.push(...described(root, await bicep.compile(join(root, file))));
  // Their errors would only repeat those of the templates.
  if (errors.length === 0) {
    for (const file of parameters) errors.push(...described(root, await bicep.compileParameters(join(root, file))));
  }
  const files = [...modules, ...parameters];
  for (const file of files) {
    const text = await readFile(join(root, file), 'utf8');
    if ((await bicep.format(join(root, file))) !== text) {
      errors.push(`${file} is not formatted: bicep format --config infra/bicepconfig.json ${file}`);
    }
  }
  // A module is reported for itself and for each file that refers to it.
  return errors.length === 0
    ? { kind: 'passed', files: files.length }
    : { kind: 'failed', errors: [...new Set(errors)] };
}

/** A warning is an error too: the level of some warnings cannot be raised in `bicepconfig.json`. */
function described(root: string, { diagnostics }: BicepCompilation): readonly string[] {
  return diagnostics.map(({ file, line, code, message }) => `${relative(root, file)}:${line + 1} ${code}: ${message}`);
}

async function filesIn(root: string, pattern: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const file of glob(pattern, { cwd: root })) files.push(file);
  return files.toSorted();
}

if (import.meta.main) {
  const check = await checkBicep();
  switch (check.kind) {
    case 'passed':
      console.log(`Bicep: ${check.files} files build, lint clean and are formatted`);
      break;
    case 'skipped':
      console.log(`Bicep: skipped, ${check.reason}`);
      break;
    case 'failed':
      for (const error of check.errors) console.error(error);
      process.exitCode = 1;
  }
}
