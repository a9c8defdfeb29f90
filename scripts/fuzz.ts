/** `npm run fuzz [-- --runs N] [--minutes N] [--seed N]`: runs the fuzz tests with the given number of runs, and prints the result. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const usage = `npm run fuzz [-- --runs N] [--minutes N] [--seed N]

  --runs     how often each fuzz test runs its subject (default 10000; a million takes hours)
  --minutes  after which each test stops, even if it has runs left (default: never)
  --seed     of an earlier failure, as its report shows it
  --help     this text
  Prints the results of the runs. Exit code: 0 nothing was found, 1 otherwise, 2 wrong usage.`;

interface FuzzOptions {
  readonly runs: number;
  readonly minutes: number | undefined;
  readonly seed: number | undefined;
}

async function fuzz({ runs, minutes, seed }: FuzzOptions): Promise<boolean> {
  process.env.FUZZ_RUNS = String(runs);
  if (minutes !== undefined) process.env.FUZZ_MINUTES = String(minutes);
  if (seed !== undefined) process.env.FUZZ_SEED = String(seed);
  const vitest = await startVitest('test', ['test/fuzz'], { watch: false, maxWorkers: availableParallelism() });
  const failed = vitest.state.getCountOfFailedTests() + vitest.state.getUnhandledErrors().length;
  await vitest.close();
  return failed === 0;
}

function readArguments() {
  try {
    const options = {
      runs: { type: 'string', default: '10000' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean' },
    } as const;
    const { runs, minutes, seed, help = false } = parseArgs({ options }).values;
    return {
      help,
      runs: wholeNumber('--runs', runs, 1),
      minutes: minutes === undefined ? undefined : wholeNumber('--minutes', minutes, 1),
      seed: seed === undefined ? undefined : wholeNumber('--seed', seed),
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function wholeNumber(name: string, text: string, least = Number.MIN_SAFE_INTEGER): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < least)
    throw new Error(`${name}: expected a whole number, got "${text}"`);
  return number;
}

const given = readArguments();
if ('error' in given) {
  console.error(`${given.error}\n\n${usage}`);
  process.exitCode = 2;
} else if (given.help) {
  console.log(usage);
} else {
  process.exitCode = (await fuzz(given)) ? 0 : 1;
}
