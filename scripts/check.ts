/** `npm run check [-- --no-tests]`: all checks of CI. Every step runs, so that one run shows every error. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { projectDirectory } from './projectFiles.ts';

const usage = `npm run check [-- --no-tests]

  Types, format and lint, unused code, the sources in figures, Bicep, package, soak, fuzz, and every test, the large fleets included (LARGE=1): what CI runs.
  About seven minutes without the tests, most of them soak and fuzz.
  --no-tests   everything but the tests
  Exit code: 0 everything passed, 1 otherwise, 2 wrong usage.`;

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** The architecture rules are one of the tests. */
const tests: Step = { name: 'tests and architecture', command: 'node', args: ['scripts/test.ts'] };

const steps: readonly Step[] = [
  { name: 'types', command: 'tsc', args: ['-p', '.'] },
  {
    name: 'format and lint',
    command: 'biome',
    // Colours make a log unreadable.
    args: ['ci', '.', ...(process.stdout.isTTY ? [] : ['--colors=off', '--diagnostic-level=error'])],
  },
  { name: 'unused files, exports and dependencies', command: 'knip', args: ['--no-progress'] },
  { name: 'the sources in figures', command: 'node', args: ['scripts/figures.ts'] },
  { name: 'Bicep', command: 'node', args: ['scripts/checkBicep.ts'] },
  { name: 'package', command: 'node', args: ['scripts/package.ts'] },
  { name: 'memory, handles and descriptors', command: 'node', args: ['scripts/soak.ts', '--minutes', '2'] },
  // The same inputs each time, so that the change being checked causes a failure here. `npm run fuzz` searches with new inputs.
  {
    name: 'fuzz',
    command: 'node',
    args: ['scripts/fuzz.ts', '--runs', '10000', '--minutes', '1', '--seed', '20261126'],
  },
];

/** The tools are in node_modules/.bin, which npm adds to PATH. */
async function passes({ command, args }: Step): Promise<boolean> {
  const child = spawn(command, args, {
    cwd: projectDirectory,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, LARGE: '1' },
    shell: process.platform === 'win32',
  });
  try {
    const [code] = await once(child, 'exit');
    return code === 0;
  } catch (error) {
    console.error(
      `${command} could not be started (${error instanceof Error ? error.message : error}): run "npm install", then "npm run check".`,
    );
    return false;
  }
}

/** Runs all steps even if some fail. Returns the exit code. */
async function check(chosen: readonly Step[]): Promise<number> {
  const results: { readonly name: string; readonly isPassed: boolean; readonly seconds: number }[] = [];
  for (const step of chosen) {
    console.log(pc.bold(`\n── ${step.name}`));
    const startedAt = performance.now();
    const isPassed = await passes(step);
    results.push({ name: step.name, isPassed, seconds: (performance.now() - startedAt) / 1000 });
  }
  console.log(pc.bold('\n── summary'));
  for (const { name, isPassed, seconds } of results) {
    const verdict = isPassed ? pc.green('passed') : pc.red('FAILED');
    console.log(`${verdict}  ${seconds.toFixed(1).padStart(6)} s  ${name}`);
  }
  const failed = results.filter(({ isPassed }) => !isPassed).map(({ name }) => name);
  if (failed.length === 0) return 0;
  console.log(`\nFailed: ${failed.join(', ')} (details above). \`npm run format\` fixes most of format and lint.`);
  return 1;
}

function readArguments(): { readonly tests: boolean } | 'help' | string {
  try {
    const { values } = parseArgs({ options: { 'no-tests': { type: 'boolean' }, help: { type: 'boolean' } } });
    return values.help ? 'help' : { tests: !values['no-tests'] };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const args = readArguments();
if (args === 'help') console.log(usage);
else if (typeof args === 'string') {
  console.error(`${args}\n\n${usage}`);
  process.exitCode = 2;
} else process.exitCode = await check(args.tests ? [...steps, tests] : steps);
