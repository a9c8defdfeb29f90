import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { testFilesByNeed } from './test/support/changesProcess.ts';

// The tests start hundreds of processes, which load the same modules: their compiled code is cached in the folder that the commands use.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/node', process.version);
// A start of the Bicep compiler lasts seconds: compiling it a second time by profile costs more than it gains.
process.env.DOTNET_TieredPGO ??= '0';

const { alone, together } = testFilesByNeed(import.meta.dirname);

export default defineConfig({
  test: {
    // For a machine that is busy with other work: a test takes a second or two, and a few take ten.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Half of the time a test waits, for a limit to pass or for another process: two more workers than cores keep the cores busy.
    maxWorkers: availableParallelism() + 2,
    // In another order each time (vitest prints the seed), so that no test comes to depend on the one before it. Files start with the longest.
    sequence: { shuffle: { tests: true, files: false } },
    // Loading the modules again for each file costs more than most of the tests.
    projects: [
      { extends: true, test: { name: 'alone', include: [...alone] } },
      {
        extends: true,
        test: {
          name: 'together',
          include: [...together],
          isolate: false,
          setupFiles: ['test/support/setUpSharedProcess.ts'],
        },
      },
    ],
  },
});
