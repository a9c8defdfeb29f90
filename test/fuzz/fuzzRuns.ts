import fc from 'fast-check';

const isAskedFor = process.env.FUZZ_RUNS !== undefined;

/** How often each fuzz test runs its subject: `npm run fuzz -- --runs N`, or by default a number that takes some seconds. */
export function fuzzRuns(usual: number): number {
  return Number(process.env.FUZZ_RUNS ?? usual);
}

/** The factor by which `npm run fuzz` raises the number of concurrent subjects and their time limits: most of them wait. */
export const fuzzScale = isAskedFor ? 4 : 1;

if (process.env.FUZZ_SEED !== undefined) fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED) });

/** The limit of a test that may run for hours when it is asked to. */
export const fuzzTimeoutMs = isAskedFor ? 24 * 60 * 60 * 1000 : 120_000;

/** A run that hangs fails here, where the report has its seed and its input: the test runner's own limit would show neither. */
const hangingAfterMs = 30_000;
/** On a machine that is busy with other work a test makes fewer runs, and does not fail for being slow. */
const enoughAfterMs = isAskedFor ? Number(process.env.FUZZ_MINUTES ?? Number.POSITIVE_INFINITY) * 60_000 : 45_000;

/**
 * Checks the property `times` times. A failure is reported with the seed that repeats it. It is then shrunk, except in `npm run fuzz` without
 * `--seed`, because shrinking repeats the run hundreds of times.
 */
export async function holdsAlways<Values>(property: fc.IAsyncProperty<Values>, times: number): Promise<void> {
  const limits = Number.isFinite(enoughAfterMs) ? [fc.interruptAfterTimeLimit(enoughAfterMs)] : [];
  const endOnFailure = isAskedFor && process.env.FUZZ_SEED === undefined;
  await fc.assert(property, {
    numRuns: Math.ceil(times),
    endOnFailure,
    plugins: [...limits, fc.timeout(hangingAfterMs)],
  });
}

/** Printed only by `npm run fuzz`. */
export function printFigures(name: string, figures: Readonly<Record<string, number | string>>): void {
  if (!isAskedFor) return;
  const parts = Object.entries(figures).map(([figure, value]) => `${figure} ${value}`);
  process.stdout.write(`${name}: ${parts.join(', ')}\n`);
}

/** Counts runs by how they ended, for `printFigures`. */
export function createTally(): { count(kind: string): void; figures(): Readonly<Record<string, number | string>> } {
  const counts = new Map<string, number>();
  const startedAt = performance.now();
  return {
    count: (kind) => void counts.set(kind, (counts.get(kind) ?? 0) + 1),
    figures: () => ({
      runs: counts.values().reduce((sum, count) => sum + count, 0),
      seconds: ((performance.now() - startedAt) / 1000).toFixed(0),
      'heap MB': (process.memoryUsage().heapUsed / 1e6).toFixed(0),
      ...Object.fromEntries(counts),
    }),
  };
}
