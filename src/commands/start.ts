/** `npm start`: the whole product on this machine, with stand-ins for whatever of Azure is not configured. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseConfiguration } from '../config/configuration.ts';
import { formatFaults } from '../config/faults.ts';
import { type ForkedFunctionsHost, forkFunctionsHost } from '../local/functionsHost/forkFunctionsHost.ts';
import { type LocalCloud, startLocalCloud } from '../local/localCloud.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import { build } from './build.ts';
import { formatOutcome, legend } from './outcomeLine.ts';
import { outcomeOfLog } from './outcomeOfLog.ts';
import { runOnce } from './runOnce.ts';

const usage = `npm start [-- --once [--json]]

  --once   one round of every probe, then the end: exit 0 when none is failing or unknown, 1 otherwise
  --json   with --once: one JSON Outcome a line on stdout, and nothing else there

Settings are read from the environment, as in Azure: PROBES or PROBES_FILE, KEY_VAULT_URL, AzureWebJobsStorage, …
What is not set gets a stand-in. PORT (default 7071) is where the functions are served.`;

const exitCodes = { fine: 0, unwell: 1, usage: 2 } as const;

/** Often enough that a person sees it tick. In Azure, and with probes of one's own, it is every five minutes. */
const sampleSchedule = '*/20 * * * * *';
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

  const say = args.once ? (_line: string) => undefined : (line: string) => console.log(line);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  say('DPS Canary on this machine: starting the stand-ins …');
  let cloud: LocalCloud | undefined;
  let host: ForkedFunctionsHost | undefined;
  try {
    await build();
    cloud = await startLocalCloud(process.env);
    const keys = { functionKey: randomBytes(16).toString('hex'), masterKey: randomBytes(16).toString('hex') };
    host = await forkFunctionsHost({
      appDirectory: fileURLToPath(new URL('../..', import.meta.url)),
      port: args.port,
      timers: !args.once,
      ...keys,
      environment: { ...cloud.environment, PROBE_SCHEDULE: scheduleOf(cloud) },
    });
    if (args.once) return await runOnce({ host, ...keys, json: args.json });
    await serve(cloud, host, keys, stopped);
    return exitCodes.fine;
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error), exitCodes.unwell);
  } finally {
    await host?.stop();
    await cloud?.close();
  }
}

function scheduleOf({ environment }: LocalCloud): string | undefined {
  const ownProbes = process.env.PROBES ?? process.env.PROBES_FILE;
  return environment.PROBE_SCHEDULE ?? (ownProbes ? undefined : sampleSchedule);
}

async function serve(
  cloud: LocalCloud,
  host: ForkedFunctionsHost,
  { functionKey, masterKey }: { readonly functionKey: string; readonly masterKey: string },
  stopped: Promise<void>,
): Promise<void> {
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const show = (outcome: Outcome) => console.log(formatOutcome(outcome, colour));
  for (const { name, address } of cloud.standIns) console.log(`  ${name.padEnd(22)} ${address}`);
  console.log(`  ${'Functions'.padEnd(22)} ${host.url}/api (x-functions-key: ${functionKey})`);
  console.log(`\nPhases: ${legend}\n`);

  host.onLog((entry) => {
    const outcome = outcomeOfLog(entry);
    if (outcome) return show(outcome);
    if (entry.level === 'error' || entry.level === 'critical') console.error(`  ! ${entry.message}`);
  });
  // The schedule's next tick may be minutes away: who has just started wants to see something now.
  await fetch(`${host.url}/admin/functions/runProbes`, {
    method: 'POST',
    headers: { 'x-functions-key': masterKey, 'content-type': 'application/json' },
    body: '{"input":""}',
  });
  console.log(`\nStatus page: ${host.url}/api/status?code=${functionKey}`);
  console.log(`Run a probe: curl -X POST -H 'x-functions-key: ${functionKey}' ${host.url}/api/probes/NAME/runs`);
  console.log('Ctrl-C ends everything.\n');

  const ended = await Promise.race([stopped, host.exited]);
  if (ended) throw new Error('The functions host has ended by itself.');
  console.log('\nStopping …');
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
