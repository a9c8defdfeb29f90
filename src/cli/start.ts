/** `npm start`: the whole product on this machine, with stand-ins for Azure services that are not configured. */
import { mkdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ConfigurationError } from '../config/configurationErrors.ts';
import { cacheCompiledCode } from './cacheCompiledCode.ts';
import { fromCaller, localSecretsFile, resolvePathSettings } from './callerPaths.ts';
import type { LocalApp } from './start/localApp.ts';
import { isStopped, stopSignal } from './start/stopSignal.ts';
import { exitCodes, explainOptionError, refuseRepeated, wrongUsage } from './usage.ts';

const usage = `npm start -- [--data DIR] [--once [--json]]

  --data DIR  keep storage in DIR, so that the history survives a restart; default: in memory
  --once      run every probe once, then exit: 0 when none is failing or unknown, 1 otherwise
  --json      with --once: one JSON Outcome a line on stdout, and nothing else there
  --help      this text

Settings are read from the environment, as in Azure: PROBES or PROBES_FILE, KEY_VAULT_URL, AzureWebJobsStorage, …
What is not set gets a stand-in; LOCAL_SECRETS_FILE adds secrets to that of Key Vault.
Without probes, samples run: one of them fails on purpose, to show a failure; --once omits it.
PORT (default 7071, with --once any free one) is where the functions are served; FUNCTION_KEY is their key (default: a new one).
Exit code 2: wrong usage, or errors of the configuration.`;

const defaultPort = 7071;

interface Arguments {
  readonly once: boolean;
  readonly json: boolean;
  readonly port: number;
  readonly dataDirectory?: string | undefined;
  readonly functionKey?: string | undefined;
}

async function main(): Promise<number> {
  const args = readArguments();
  if (args === 'help') {
    console.log(usage);
    return exitCodes.success;
  }
  if (typeof args === 'string') return fail(wrongUsage(args, 'npm start'), exitCodes.usage);
  cacheCompiledCode();
  const { formatErrors } = await import('../config/configurationErrors.ts');
  const errors = await configurationErrors();
  if (errors.length > 0) return fail(formatErrors(errors), exitCodes.usage);
  warnAboutUnused(args);
  resolvePathSettings();

  const stopped = stopSignal();
  if (!args.json) console.log('DPS Canary on this machine: starting …');
  let app: LocalApp | undefined;
  try {
    // Loaded only now, so that configuration errors are reported at once.
    const [{ reportHostErrors, startLocalApp }, { runOnce }, { serve }] = await Promise.all([
      import('./start/localApp.ts'),
      import('./start/runOnce.ts'),
      import('./start/serve.ts'),
    ]);
    app = await startLocalApp({ ...args, timers: !args.once, failingSample: !args.once });
    reportHostErrors(app);
    const ended = await Promise.race([
      args.once ? runOnce(app, args.json) : serve(app, stopped),
      stopped,
      hostFailure(app),
    ]);
    if (ended !== 'stopped') return ended;
    if (args.once) return fail('Stopped before every probe had its outcome.', exitCodes.failure);
    console.log(
      '\nStopping: waiting for running probes and batches, then for storage. Press Ctrl-C again to quit now.',
    );
    process.once('SIGINT', () => process.exit(exitCodes.failure));
    return exitCodes.success;
  } catch (error) {
    // Ctrl-C in a terminal reaches the functions as well, which then end while they start.
    if (await isStopped(stopped)) return fail('Stopped.', exitCodes.failure);
    return fail(error instanceof Error ? error.message : String(error), exitCodes.failure);
  } finally {
    await app?.close();
  }
}

/** All errors of settings, probes and local secrets, before anything starts. */
async function configurationErrors(): Promise<readonly ConfigurationError[]> {
  const [{ parseConfiguration }, { readLocalSecrets }] = await Promise.all([
    import('../config/configuration.ts'),
    import('../local/localSecrets.ts'),
  ]);
  const configured = parseConfiguration(process.env, (path) => readFileSync(fromCaller(path)));
  const secrets = await readLocalSecrets(localSecretsFile());
  return [configured, secrets].flatMap((part) => (part.kind === 'invalid' ? part.errors : []));
}

function warnAboutUnused({ dataDirectory }: Arguments): void {
  if (process.env.LOCAL_SECRETS_FILE && process.env.KEY_VAULT_URL?.trim()) {
    console.error('LOCAL_SECRETS_FILE is not used: KEY_VAULT_URL points at a vault that has its own secrets.');
  }
  if (dataDirectory !== undefined && process.env.AzureWebJobsStorage?.trim()) {
    console.error('--data is not used: AzureWebJobsStorage points at a storage account.');
  }
}

/** Rejects when the functions host ends unexpectedly. */
async function hostFailure({ host }: LocalApp): Promise<never> {
  const { code, signal } = await host.exited;
  throw new Error(`The functions host ended unexpectedly (${signal ?? `exit code ${code}`}).`);
}

const options = {
  once: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  data: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

function readArguments(): Arguments | 'help' | string {
  try {
    refuseRepeated(process.argv.slice(2), options);
    const { values } = parseArgs({ options });
    const { once, json, help, data } = values;
    if (help) return 'help';
    if (json && !once) return '--json needs --once.';
    const text = process.env.PORT?.trim() || String(once ? 0 : defaultPort);
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) return 'PORT: expected a number from 0 to 65535.';
    const functionKey = process.env.FUNCTION_KEY?.trim() || undefined;
    if (functionKey !== undefined && !/^[\x21-\x7E]{8,}$/.test(functionKey)) {
      return 'FUNCTION_KEY: expected at least 8 printable characters without spaces.';
    }
    return { once, json, port: Number(text), dataDirectory: folderFrom(data), functionKey };
  } catch (error) {
    return explainOptionError(error, Object.keys(options));
  }
}

/**
 * Creates the folder if it is missing.
 *
 * @throws a sentence that names the option
 */
function folderFrom(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const folder = fromCaller(path);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new Error(`--data: expected the path of a folder that can be written${code}`);
  }
  return folder;
}

function fail(sentence: string, code: number): number {
  console.error(sentence);
  return code;
}

process.exitCode = await main();
