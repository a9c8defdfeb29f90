/**
 * `npm test [-- vitest's own arguments]`: builds the app, runs the tests, lists skipped tests with the reason, and prints the counts in the
 * last line.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCLI, type Reporter, startVitest, type TestCase, type TestModule, type TestSuite } from 'vitest/node';
import type {} from '../test/support/requires.ts';
import { build } from './build.ts';
import { projectDirectory } from './projectFiles.ts';
import { type Output, readOutputs, searchOutputs } from './searchOutputs.ts';

const usage = `npm test [-- FILE…] [vitest's options]

  Runs every test but the large fleets: LARGE=1 npm test, and npm run check, run them too.
  FILE               only test files whose path contains this
  --sequence.seed N  the order of an earlier run: the tests of a file run in another order each time
  -t, --testNamePattern PATTERN, … as in vitest run
  --help             this text
  The last lines list the skipped tests with the reason, and "N passed, N failed". Exit code: 0 if all passed, otherwise 1.`;

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts tests. A file that cannot be loaded, a hook that fails and an error outside of any test count as one failure each, so that the
 * count agrees with the exit code.
 */
export function countTests(modules: readonly TestModule[], unhandledErrorCount: number): TestCounts {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const count = (state: string) => tests.filter((test) => test.result().state === state).length;
  const brokenSuites = suites.filter((suite) => suite.errors().length > 0).length;
  return {
    passed: count('passed'),
    failed: count('failed') + brokenSuites + unhandledErrorCount,
    skipped: tests.length - count('passed') - count('failed'),
  };
}

/** `N passed, N failed`, and `, N skipped` if any were. */
export function closingLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** One line for each reason, with the number of tests skipped for it. Empty if all tests ran. */
export function describeSkipped(modules: readonly TestModule[]): string {
  const skipped = modules
    .flatMap((module) => [...module.children.allTests()])
    .filter((test) => !['passed', 'failed'].includes(test.result().state));
  const lines = [...Map.groupBy(skipped, reasonToSkip)]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([reason, tests]) => `  ${String(tests.length).padStart(4)}  ${reason}`);
  return lines.length === 0 ? '' : `\nSkipped:\n${lines.join('\n')}\n`;
}

function reasonToSkip(test: TestCase): string {
  const result = test.result();
  if (result.state === 'skipped' && result.note) return result.note;
  for (let task: TestCase | TestSuite | TestModule = test; ; task = task.parent) {
    const { skippedBecause } = task.meta();
    if (skippedBecause) return skippedBecause;
    if (task.type === 'module') break;
    if (task.parent.errors().length > 0) return `a hook failed before them: ${task.parent.errors()[0]?.message}`;
  }
  return 'not selected, or marked to be skipped in the test file';
}

async function runTests(args: readonly string[]): Promise<TestCounts> {
  const { filter, options } = parseCLI(['vitest', 'run', ...args]);
  const outputs: Output[] = [];
  const listener: Reporter = {
    onUserConsoleLog: ({ content }) => void outputs.push({ name: 'console', text: content }),
  };
  const root = options.root ?? projectDirectory;
  await rm(join(root, 'test/output/seen'), { recursive: true, force: true });
  // By the CLI's parser it is `reporter`, which the types do not know.
  const { reporter = ['default'] } = options as { readonly reporter?: readonly string[] };
  const vitest = await startVitest('test', filter, { ...options, reporters: [...reporter, listener] });
  const modules = vitest.state.getTestModules();
  const counts = countTests(modules, vitest.state.getUnhandledErrors().length);
  await vitest.close();
  process.stdout.write(describeSkipped(modules));
  const errors = modules
    .flatMap((module) => [...module.children.allTests()])
    .flatMap((test) => test.result().errors ?? []);
  outputs.push({ name: 'errors of tests', text: JSON.stringify(errors) }, ...(await readOutputs(root)));
  const found = searchOutputs(outputs);
  for (const leak of found) console.error(`Secret leaked: ${leak}`);
  return { ...counts, failed: counts.failed + found.length };
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return console.log(usage);
  let counts: TestCounts = { passed: 0, failed: 1, skipped: 0 };
  try {
    await build();
    counts = await runTests(args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  // Without any test, vitest reports an error and sets the exit code.
  const exitCode = counts.failed > 0 ? 1 : Number(process.exitCode ?? 0);
  process.stdout.write(`\n${closingLine(counts)}\n`, () => process.exit(exitCode));
}

if (import.meta.main) await main();
