/** `npm test [-- vitest's own arguments]`: builds the product, runs the tests, closes with one line that counts them. */
import { parseCLI, startVitest, type TestModule } from 'vitest/node';
import { build } from './build.ts';

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts tests. A file that cannot be loaded, a hook that fails and an error outside of any test count as one failure
 * each: the count never says less than the exit code.
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

/** `N passed, N failed`, and `, N skipped` when any were. */
export function closingLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

async function runTests(args: readonly string[]): Promise<TestCounts> {
  const { filter, options } = parseCLI(['vitest', 'run', ...args]);
  const vitest = await startVitest('test', filter, options);
  const counts = countTests(vitest.state.getTestModules(), vitest.state.getUnhandledErrors().length);
  await vitest.close();
  return counts;
}

if (import.meta.main) {
  let counts: TestCounts = { passed: 0, failed: 1, skipped: 0 };
  try {
    await build();
    counts = await runTests(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  // Nothing to run is no success either: vitest has then set the exit code and said so.
  const exitCode = counts.failed > 0 ? 1 : Number(process.exitCode ?? 0);
  process.stdout.write(`\n${closingLine(counts)}\n`, () => process.exit(exitCode));
}
