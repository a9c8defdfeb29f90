import fc from 'fast-check';

/** How often each fuzz test runs its subject: `npm run fuzz -- --runs N`, or a number that takes some seconds. */
export function fuzzRuns(usual: number): number {
  return Number(process.env.FUZZ_RUNS ?? usual);
}

if (process.env.FUZZ_SEED !== undefined) fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED) });

/** The limit of a test that may run for hours when it is asked to. */
export const fuzzTimeoutMs = process.env.FUZZ_RUNS === undefined ? 60_000 : 24 * 60 * 60 * 1000;

/** Printed by `npm run fuzz` alone. */
export function printFigures(name: string, figures: Readonly<Record<string, number | string>>): void {
  if (process.env.FUZZ_RUNS === undefined) return;
  const parts = Object.entries(figures).map(([figure, value]) => `${figure} ${value}`);
  process.stdout.write(`${name}: ${parts.join(', ')}\n`);
}
