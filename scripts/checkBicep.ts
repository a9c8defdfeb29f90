import { execFile } from 'node:child_process';
import { cp, glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { findBicepCli } from './bicepCli.ts';
import { projectDirectory } from './projectFiles.ts';

const run = promisify(execFile);
const maxBuffer = 64 * 1024 * 1024;

/** The result of checking the Bicep files. `errors` are sentences that name a file. */
export type BicepCheck =
  | { readonly kind: 'passed'; readonly files: number }
  | { readonly kind: 'failed'; readonly errors: readonly string[] }
  | { readonly kind: 'skipped'; readonly reason: string };

/**
 * Builds, lints and checks the format of every Bicep file in `infra`, and of the parameter files of the tests. It works on a copy, because
 * the compiler writes its output next to the source.
 */
export async function checkBicep(root: string = projectDirectory): Promise<BicepCheck> {
  const cli = await findBicepCli(root);
  if (cli.kind === 'absent') return { kind: 'skipped', reason: cli.reason };

  const copy = await mkdtemp(join(tmpdir(), 'check-bicep-'));
  try {
    const folders = ['infra', 'test/infra'];
    for (const folder of folders) await cp(join(root, folder), join(copy, folder), { recursive: true });
    const modules = await filesIn(copy, 'infra/**/*.bicep');
    const parameters = await filesIn(copy, '{infra,test/infra}/**/*.bicepparam');
    const files = [...modules, ...parameters];
    const findings = await lintErrors(cli.path, copy, modules.length);
    // The compiler would only repeat the errors.
    const failures = findings.length === 0 ? await buildErrors(cli.path, copy) : [];
    const errors = [...findings, ...failures, ...(await formatErrors(cli.path, copy, files))];
    return errors.length === 0 ? { kind: 'passed', files: files.length } : { kind: 'failed', errors };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** The exit code is 0 despite warnings, and the level of some warnings cannot be raised. So the check passes only with an empty report. */
async function lintErrors(bicep: string, folder: string, fileCount: number): Promise<readonly string[]> {
  const args = ['lint', '--pattern', '**/*.bicep', '--diagnostics-format', 'sarif'];
  const { stdout, stderr } = await outputOf(bicep, args, folder);
  // One report per file: a sequence of indented objects.
  const reports = stdout.split(/(?<=^\})(?=\{$)/m).map(parseReport);
  // The compiler does not report a pattern that matches no file, and the check would pass.
  if (reports.length !== fileCount || reports.some((report) => report === undefined)) {
    return [`bicep lint gave no report for each of ${fileCount} files: ${stderr || stdout}`];
  }
  const errors = reports
    .flatMap((report) => report?.runs ?? [])
    .flatMap(({ results }) =>
      results.map(({ ruleId, message, locations }) => {
        const place = locations[0]?.physicalLocation;
        const file = place === undefined ? 'infra' : relative(folder, pathOf(place.artifactLocation.uri));
        return `${file}:${place?.region.startLine ?? 0} ${ruleId}: ${message.text}`;
      }),
    );
  // A module is reported for itself and for each file that refers to it.
  return [...new Set(errors)];
}

/** Building a parameter file also builds its template, and checks each value against its type. */
async function buildErrors(bicep: string, folder: string): Promise<readonly string[]> {
  const args = ['build-params', '--pattern', '**/*.bicepparam'];
  const { exitCode, stderr } = await outputOf(bicep, args, folder);
  if (exitCode === 0 && stderr === '') return [];
  return stderr.split('\n').map((line) => line.replace(`${folder}/`, ''));
}

async function formatErrors(bicep: string, folder: string, files: readonly string[]): Promise<readonly string[]> {
  const before = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const config = join(folder, 'infra', 'bicepconfig.json');
  const args = ['format', '--pattern', '**/*.bicep*', '--config', config];
  const { exitCode, stderr } = await outputOf(bicep, args, folder);
  if (exitCode !== 0) return [`bicep format failed: ${stderr}`];
  const after = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return files
    .filter((_, index) => before[index] !== after[index])
    .map((file) => `${file} is not formatted: bicep format --config infra/bicepconfig.json ${file}`);
}

interface Output {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The compiler exits with 1 when it reports errors. This is not an exception here. */
async function outputOf(bicep: string, args: readonly string[], cwd: string): Promise<Output> {
  try {
    const { stdout, stderr } = await run(bicep, [...args], { cwd, maxBuffer });
    return { exitCode: 0, stdout: stdout.trim(), stderr: stderr.trim() };
  } catch (error) {
    const failed = processFailure.safeParse(error);
    if (!failed.success) throw error;
    return { exitCode: failed.data.code, stdout: failed.data.stdout.trim(), stderr: failed.data.stderr.trim() };
  }
}

const processFailure = z.object({ code: z.int(), stdout: z.string(), stderr: z.string() });

const location = z.object({
  physicalLocation: z.object({
    artifactLocation: z.object({ uri: z.string() }),
    region: z.object({ startLine: z.int() }),
  }),
});
const finding = z.object({ ruleId: z.string(), message: z.object({ text: z.string() }), locations: z.array(location) });
const sarif = z.object({ runs: z.array(z.object({ results: z.array(finding) })) });

function parseReport(text: string): z.infer<typeof sarif> | undefined {
  try {
    return sarif.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function pathOf(uri: string): string {
  return uri.startsWith('file:') ? fileURLToPath(uri) : uri;
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
