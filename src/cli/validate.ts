/** `npm run validate`: the configuration as the app would read it, its errors or its plan. Nothing runs. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfiguration } from '../config/configuration.ts';
import { type ConfigurationError, formatErrors } from '../config/configurationErrors.ts';
import { type Plan, planErrors, planOf } from '../config/plan/plan.ts';
import { readLocalSecrets } from '../local/localSecrets.ts';
import { describePlan } from './describePlan.ts';

const usage = `npm run validate [-- FILE…] [--json]

  FILE     files of probes to read in place of PROBES and PROBES_FILE; the other settings come from the environment
  --json   one JSON object per file: { "valid": false, "errors": [{ path, message, probe, file, line, column }] }
           or { "valid": true, "plan": {…} }
  --help   this text
  Comments and trailing commas are allowed. Exit code: 0 valid, 2 errors or wrong usage.`;

const exitCodes = { success: 0, usage: 2 } as const;

interface Arguments {
  readonly files: readonly string[];
  readonly json: boolean;
}

type Validation =
  | { readonly valid: true; readonly plan: Plan }
  | { readonly valid: false; readonly errors: readonly ConfigurationError[] };

async function main(): Promise<number> {
  const parsed = readArguments();
  if (parsed === 'help') {
    console.log(usage);
    return exitCodes.success;
  }
  if (typeof parsed === 'string') {
    console.error(`${parsed}\n\n${usage}`);
    return exitCodes.usage;
  }
  const { json } = parsed;
  const files = parsed.files.length > 0 ? parsed.files : [undefined];
  let isValid = true;
  for (const file of files) {
    const validation = await validate(file);
    isValid &&= validation.valid;
    if (json) console.log(JSON.stringify({ ...(files.length > 1 && { file }), ...validation }));
    else console.log(`${files.length > 1 ? `${file}:\n` : ''}${describe(validation)}`);
  }
  return isValid ? exitCodes.success : exitCodes.usage;
}

async function validate(file: string | undefined): Promise<Validation> {
  const configuration = parseConfiguration(process.env, readFrom, file);
  const secrets = await readLocalSecrets(process.env.LOCAL_SECRETS_FILE);
  const secretErrors = secrets.kind === 'invalid' ? secrets.errors : [];
  if (configuration.kind === 'invalid') return { valid: false, errors: [...configuration.errors, ...secretErrors] };

  const { settings, probes, errorIn } = configuration;
  const planned = planErrors(settings, probes).map(({ index, message }) => errorIn(index, 'timeoutSeconds', message));
  const errors = [...planned, ...secretErrors];
  if (errors.length > 0) return { valid: false, errors };
  return { valid: true, plan: planOf(settings, probes, { hasLocalSecrets: Boolean(process.env.LOCAL_SECRETS_FILE) }) };
}

function describe(validation: Validation): string {
  return validation.valid ? describePlan(validation.plan) : formatErrors(validation.errors);
}

/** npm runs scripts in the package's folder; INIT_CWD is where it was called. */
function readFrom(path: string): string {
  return readFileSync(resolve(process.env.INIT_CWD ?? '.', path), 'utf8');
}

function readArguments(): Arguments | 'help' | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    return values.help ? 'help' : { files: positionals, json: values.json };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

process.exitCode = await main();
