/** `npm run validate`: the configuration as the app would read it, its errors or its plan, and nothing that runs. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfiguration } from '../config/configuration.ts';
import { formatErrors } from '../config/configurationErrors.ts';
import { planOf } from '../config/plan.ts';
import { describePlan } from './describePlan.ts';

const usage = `npm run validate -- [FILE] [--json]

  FILE    probes to read in place of PROBES and PROBES_FILE; the other settings come from the environment
  --json  one JSON object: { "valid": false, "errors": [{ path, message }] } or { "valid": true, "plan": {…} }
  Exit code: 0 valid, 2 errors or wrong usage.`;

/** A usage or configuration error, as the contract has it. */
const invalid = 2;

function main(): void {
  const parsed = readArguments(process.argv.slice(2));
  if (typeof parsed === 'string') {
    console.error(`${parsed}\n\n${usage}`);
    process.exitCode = invalid;
    return;
  }
  if (parsed.help) {
    console.log(usage);
    return;
  }

  const environment =
    parsed.file === undefined
      ? process.env
      : { ...process.env, PROBES: undefined, PROBES_FILE: fromCallersFolder(parsed.file) };
  const configuration = parseConfiguration(environment, (path) => readFileSync(path, 'utf8'));
  if (configuration.kind === 'invalid') {
    const { errors } = configuration;
    console.log(parsed.json ? JSON.stringify({ valid: false, errors }) : formatErrors(errors));
    process.exitCode = invalid;
    return;
  }
  const plan = planOf(configuration.settings, configuration.probes);
  console.log(parsed.json ? JSON.stringify({ valid: true, plan }) : describePlan(plan));
}

interface Arguments {
  readonly file: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

function readArguments(args: string[]): Arguments | string {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    if (positionals.length > 1) return `Expected one file, not ${positionals.length}.`;
    return { file: positionals[0], json: values.json, help: values.help };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** npm runs scripts in the package's folder, and says in INIT_CWD where it was called. */
function fromCallersFolder(file: string): string {
  return resolve(process.env.INIT_CWD ?? '.', file);
}

main();
