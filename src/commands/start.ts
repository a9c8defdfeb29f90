/** `npm start`: the whole product on this machine, with stand-ins for whatever of Azure is not configured. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseConfiguration } from '../config/configuration.ts';
import { formatFaults } from '../config/faults.ts';
import { type LocalApp, reportHostFaults, startLocalApp } from './localApp.ts';
import { formatOutcome, legend } from './outcomeLine.ts';
import { outcomeOfLog } from './outcomeOfLog.ts';
import { configuredProbes, runOnce } from './runOnce.ts';

const usage = `npm start [-- --once [--json]]

  --once   one round of every probe, then the end: exit 0 when none is failing or unknown, 1 otherwise
  --json   with --once: one JSON Outcome a line on stdout, and nothing else there

Settings are read from the environment, as in Azure: PROBES or PROBES_FILE, KEY_VAULT_URL, AzureWebJobsStorage, …
What is not set gets a stand-in. PORT (default 7071) is where the functions are served.`;

const exitCodes = { fine: 0, unwell: 1, usage: 2 } as const;
const defaultPort = 7071;

interface Arguments {
  readonly once: boolean;
  readonly json: boolean;
  readonly port: number;
}

async function main(): Promise<number> {
  const args = readArguments();
  if (typeof args === 'string') return complain(`${args}\n\n${usage}`, exitCodes.usage);
  const configured = parseConfiguration(process.env, (path) => readFileSync(path, 'utf8'));
  if (configured.kind === 'invalid') return complain(formatFaults(configured.faults), exitCodes.usage);

  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  if (!args.json) console.log('DPS Canary on this machine: starting the stand-ins …');
  let app: LocalApp | undefined;
  try {
    app = await startLocalApp({ port: args.port, timers: !args.once });
    reportHostFaults(app);
    if (args.once) return await runOnce(app, args.json);
    await serve(app, stopped);
    return exitCodes.fine;
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error), exitCodes.unwell);
  } finally {
    await app?.close();
  }
}

async function serve(app: LocalApp, stopped: Promise<void>): Promise<void> {
  const { host, url, key, standIns } = app;
  const addresses = [...standIns, { name: 'Functions', address: `${url}/api (x-functions-key: ${key})` }];
  for (const { name, address } of addresses) console.log(`  ${name.padEnd(22)} ${address}`);
  console.log(`\nPhases: ${legend}\n`);

  await Promise.race([firstRound(app), stopped, host.exited]);
  console.log(`\nStatus page: ${url}/api/status?code=${key}`);
  console.log(`Run a probe: curl -X POST -H 'x-functions-key: ${key}' ${url}/api/probes/NAME/runs`);
  console.log('Simulate:    npm run simulate -- --probe NAME --devices N');
  console.log('Ctrl-C ends everything.\n');

  const ended = await Promise.race([stopped, host.exited]);
  if (ended) throw new Error('The functions host has ended by itself.');
  console.log('\nStopping …');
}

/**
 * Prints each outcome as it comes, from now on, and runs the timer's function once: the schedule's next tick may be minutes away.
 * Settles when every probe has had its first outcome.
 */
async function firstRound(app: LocalApp): Promise<void> {
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const waiting = new Set(await configuredProbes(app));
  const complete = new Promise<void>((resolve) => {
    if (waiting.size === 0) resolve();
    app.host.onLog((entry) => {
      const outcome = outcomeOfLog(entry);
      if (!outcome) return;
      console.log(formatOutcome(outcome, colour));
      waiting.delete(outcome.probe);
      if (waiting.size === 0) resolve();
    });
  });
  await fetch(`${app.url}/admin/functions/runProbes`, {
    method: 'POST',
    headers: { 'x-functions-key': app.masterKey, 'content-type': 'application/json' },
    body: '{"input":""}',
  });
  if (waiting.size === 0) console.log('No probe is configured: set PROBES or PROBES_FILE.');
  await complete;
}

function readArguments(): Arguments | string {
  try {
    const { values } = parseArgs({ options: { once: { type: 'boolean' }, json: { type: 'boolean' } } });
    const { once = false, json = false } = values;
    if (json && !once) return '--json goes with --once.';
    const port = Number(process.env.PORT ?? (once ? 0 : defaultPort));
    if (!Number.isInteger(port) || port < 0 || port > 65_535) return 'PORT: expected a number from 0 to 65535.';
    return { once, json, port };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function complain(sentence: string, code: number): number {
  console.error(sentence);
  return code;
}

process.exitCode = await main();
