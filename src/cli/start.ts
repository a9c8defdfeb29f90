/** `npm start`: the whole product on this machine, with stand-ins for whatever of Azure is not configured. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseConfiguration } from '../config/configuration.ts';
import { type ConfigurationError, formatErrors } from '../config/configurationErrors.ts';
import { readLocalSecrets } from '../local/localSecrets.ts';
import type { LocalApp } from './localApp.ts';
import { formatOutcome, legend, outcomeOfLog } from './outcomeLine.ts';
import { configuredProbes, noProbes, runOnce, runProbesNow } from './runOnce.ts';
import { stopSignal } from './stopSignal.ts';

const usage = `npm start [-- --once [--json]]

  --once   one round of every probe, then the end: exit 0 when none is failing or unknown, 1 otherwise
  --json   with --once: one JSON Outcome a line on stdout, and nothing else there

Settings are read from the environment, as in Azure: PROBES or PROBES_FILE, KEY_VAULT_URL, AzureWebJobsStorage, …
What is not set gets a stand-in; LOCAL_SECRETS_FILE adds secrets to that of Key Vault.
PORT (default 7071, with --once any free one) is where the functions are served.
Exit code 2: wrong usage, or errors of the configuration.`;

const exitCodes = { success: 0, failure: 1, usage: 2 } as const;
const defaultPort = 7071;

interface Arguments {
  readonly once: boolean;
  readonly json: boolean;
  readonly port: number;
}

async function main(): Promise<number> {
  const args = readArguments();
  if (args === 'help') {
    console.log(usage);
    return exitCodes.success;
  }
  if (typeof args === 'string') return fail(`${args}\n\n${usage}`, exitCodes.usage);
  const errors = await configurationErrors();
  if (errors.length > 0) return fail(formatErrors(errors), exitCodes.usage);

  if (process.env.LOCAL_SECRETS_FILE && process.env.KEY_VAULT_URL?.trim()) {
    console.error('LOCAL_SECRETS_FILE is not used: KEY_VAULT_URL points at a vault that has its own secrets.');
  }

  const stopped = stopSignal();
  if (!args.json) console.log('DPS Canary on this machine: starting the stand-ins …');
  let app: LocalApp | undefined;
  try {
    // Loaded when everything is right: who has mistyped something is told at once.
    const { reportHostFaults, startLocalApp } = await import('./localApp.ts');
    app = await startLocalApp({ port: args.port, timers: !args.once });
    reportHostFaults(app);
    const ended = await Promise.race([
      args.once ? runOnce(app, args.json) : serve(app, stopped),
      stopped,
      hostError(app),
    ]);
    if (ended !== 'stopped') return ended;
    if (args.once) return fail('Stopped before every probe had its outcome.', exitCodes.failure);
    console.log('\nStopping …');
    return exitCodes.success;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error), exitCodes.failure);
  } finally {
    await app?.close();
  }
}

/** Of the settings, the probes and the local secrets: everything that is wrong, before anything starts. */
async function configurationErrors(): Promise<readonly ConfigurationError[]> {
  const configured = parseConfiguration(process.env, (path) => readFileSync(path, 'utf8'));
  const secrets = await readLocalSecrets(process.env.LOCAL_SECRETS_FILE);
  return [configured, secrets].flatMap((part) => (part.kind === 'invalid' ? part.errors : []));
}

/** Shows what runs and what it does, until somebody ends it. */
async function serve(app: LocalApp, stopped: Promise<'stopped'>): Promise<'stopped'> {
  const { url, key, standIns } = app;
  const addresses = [...standIns, { name: 'Functions', address: `${url}/api (x-functions-key: ${key})` }];
  for (const { name, address } of addresses) console.log(`  ${name.padEnd(22)} ${address}`);
  console.log(`\nPhases: ${legend}\n`);

  if ((await Promise.race([firstRound(app), stopped])) === 'stopped') return 'stopped';
  console.log(`\nStatus page: ${url}/api/status?code=${key}`);
  console.log(`Run a probe: curl -X POST -H 'x-functions-key: ${key}' ${url}/api/probes/NAME/runs`);
  console.log(`Simulate:    npm run simulate -- --probe NAME --devices N --url ${url} --key ${key}`);
  console.log('Ctrl-C ends everything.\n');
  return stopped;
}

/**
 * Prints each outcome as it comes, from now on, and runs every probe once: the schedule's next tick may be minutes away. Resolves when
 * the outcome of each has been printed.
 */
async function firstRound(app: LocalApp): Promise<void> {
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const probes = await configuredProbes(app);
  if (probes.length === 0) console.error(noProbes);
  const waiting = new Set(probes.map(({ name }) => name));
  const printed = new Promise<void>((resolve) => {
    if (waiting.size === 0) resolve();
    app.host.onLog((entry) => {
      const outcome = outcomeOfLog(entry);
      if (!outcome) return;
      console.log(formatOutcome(outcome, colour));
      waiting.delete(outcome.probe);
      if (waiting.size === 0) resolve();
    });
  });
  await Promise.all([runProbesNow(app, probes), printed]);
}

/** Rejects when the functions end without having been asked to. */
async function hostError({ host }: LocalApp): Promise<never> {
  const { code, signal } = await host.exited;
  throw new Error(`The functions host has ended by itself (${signal ?? `exit code ${code}`}).`);
}

function readArguments(): Arguments | 'help' | string {
  try {
    const { values } = parseArgs({
      options: { once: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    const { once = false, json = false, help = false } = values;
    if (help) return 'help';
    if (json && !once) return '--json goes with --once.';
    const text = process.env.PORT?.trim() || String(once ? 0 : defaultPort);
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) return 'PORT: expected a number from 0 to 65535.';
    return { once, json, port: Number(text) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function fail(sentence: string, code: number): number {
  console.error(sentence);
  return code;
}

process.exitCode = await main();
