import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { type FunctionsHost, startFunctionsHost } from '../../src/local/functionsHost/startFunctionsHost.ts';
import type { RunFacts } from '../local/functionsHost/fixtureApp/main.ts';
import { bundleCjs } from './bundleCjs.ts';
import { type CollectedLog, collectLog } from './collectLog.ts';
import { keys } from './hostKeys.ts';

const sources = fileURLToPath(new URL('../local/functionsHost/fixtureApp', import.meta.url));

/** A schedule that is not due during a test, and no queue storage: for tests of other features. */
export const quietEnvironment = { FIXTURE_SCHEDULE: '0 0 0 1 1 *', 'AzureWebJobs.work.Disabled': 'true' };

export interface FixtureHost extends FunctionsHost {
  readonly url: string;
  readonly log: CollectedLog;
  /** What the app's handlers have seen, in this process. */
  readonly seen: RunFacts;
}

export type FixtureOptions = Partial<Omit<Parameters<typeof startFunctionsHost>[0], 'onLog'>>;

/** The fixture app, built as `npm run build` builds the product, once for the tests of a file. */
export function useFixtureApp() {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fixture-app-'));
    for (const file of ['host.json', 'package.json']) await cp(join(sources, file), join(directory, file));
    await bundleCjs(sources, 'main.ts', join(directory, 'dist/main.cjs'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return {
    /** Holds host.json, package.json and dist/main.cjs. */
    directory: () => directory,
    /** Starts a host in this process, which closes when the test has finished. */
    async start(options: FixtureOptions = {}): Promise<FixtureHost> {
      const log = collectLog();
      const defaults = { appDirectory: directory, port: 0, ...keys, environment: quietEnvironment };
      const host = await startFunctionsHost({ ...defaults, ...options, onLog: log.onLog });
      onTestFinished(() => host.close());
      const { fixture } = globalThis as unknown as { readonly fixture: RunFacts };
      return { ...host, url: `http://127.0.0.1:${host.port}`, log, seen: fixture };
    },
  };
}
