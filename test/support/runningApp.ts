import { build } from '../../scripts/build.ts';
import { projectDirectory } from '../../scripts/projectFiles.ts';
import { forkFunctionsHost } from '../../src/local/functionsHost/forkFunctionsHost.ts';
import type { HostLogEntry } from '../../src/local/functionsHost/hostLog.ts';
import { startLocalCloud } from '../../src/local/localCloud.ts';
import { bareEnvironment } from './bareEnvironment.ts';
import { keys } from './hostKeys.ts';
import { recordOutput } from './recordOutput.ts';

/** The built bundle in a functions host in its own process, used over HTTP. */
export interface RunningApp {
  readonly url: string;
  readonly key: string;
  /** What the app and its host have logged so far. */
  readonly log: readonly HostLogEntry[];
  /** With the function key by default. `path` is below `/api/`. */
  call(path: string, init?: RequestInit): Promise<AppResponse>;
  /** Runs a function without an HTTP trigger, and resolves with its result as reported by the host. */
  runFunction(name: string): Promise<'Succeeded' | 'Failed'>;
  /** All text that a person could read so far: responses and log. */
  seen(): string;
  close(): Promise<void>;
}

export interface AppResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body; its type depends on the test. */
  json<Content = unknown>(): Content;
}

/** A scheduled run ends before the next one is due: with the default schedule its length would depend on the minute in which a test runs. */
const schedule = '0 0 0 1 1 *';

/** `settings` is the whole configuration: other settings are not inherited, and their services are stand-ins. */
export async function startRunningApp(settings: Readonly<Record<string, string>>): Promise<RunningApp> {
  await build();
  const cloud = await startLocalCloud({
    ...bareEnvironment(),
    HOME: process.env.HOME,
    PROBE_SCHEDULE: schedule,
    ...settings,
  });
  const { functionKey: key, masterKey } = keys;
  const log: HostLogEntry[] = [];
  const responses: string[] = [];
  const host = await forkFunctionsHost({
    appDirectory: projectDirectory,
    port: 0,
    timers: false,
    functionKey: key,
    masterKey,
    environment: cloud.environment,
    onLog: (entry) => log.push(entry),
  }).catch(async (error: unknown) => {
    await cloud.close();
    throw error;
  });

  async function fetchText(path: string, init: RequestInit): Promise<AppResponse> {
    const response = await fetch(`${host.url}/${path}`, init);
    const text = await response.text();
    // A page that was opened with a key has it in its links: for the caller who has it.
    const shown = (words: string) => (path.includes('code=') ? words.replaceAll(key, '') : words);
    responses.push(shown(JSON.stringify([...response.headers])), shown(text));
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
  }

  const seen = () => [...responses, ...log.map((entry) => JSON.stringify(entry))].join('\n');

  return {
    url: host.url,
    key,
    log,
    call: (path, init) => fetchText(`api/${path}`, { headers: { 'x-functions-key': key }, ...init }),
    async runFunction(name) {
      const ended = Promise.withResolvers<'Succeeded' | 'Failed'>();
      const stop = host.onLog(({ message }) => {
        const [, result] = new RegExp(`^Executed 'Functions.${name}' \\((Succeeded|Failed)`).exec(message) ?? [];
        if (result === 'Succeeded' || result === 'Failed') ended.resolve(result);
      });
      const headers = { 'x-functions-key': masterKey, 'content-type': 'application/json' };
      const { status } = await fetchText(`admin/functions/${name}`, { method: 'POST', headers, body: '{"input":""}' });
      if (status !== 202) throw new Error(`the host responded ${status}: is there a function ${name}?`);
      return ended.promise.finally(stop);
    },
    seen,
    async close() {
      await host.stop();
      recordOutput('app', seen());
      await cloud.close();
    },
  };
}
