/** `npm run validate`: reads the configuration as the app would, and shows its errors or its plan. Runs nothing. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseConfiguration } from '../config/configuration.ts';
import { type ConfigurationError, formatErrors } from '../config/configurationErrors.ts';
import { type Plan, planErrors, planOf } from '../config/plan/plan.ts';
import { readLocalSecrets } from '../local/localSecrets.ts';
import { fromCaller, localSecretsFile } from './callerPaths.ts';
import { exitCodes, explainOptionError, wrongUsage } from './usage.ts';
import type { OnlineCheck } from './validate/checkOnline.ts';
import { describePlan } from './validate/describePlan.ts';

const usage = `npm run validate [-- FILE…] [--online] [--json]

  FILE     files of probes to read in place of PROBES and PROBES_FILE; the other settings come from the environment
  --online also check, without registering a device: each secret, endpoint (DNS, TCP, TLS, root), storage and identity
  --json   one JSON object per file: { "valid": false, "errors": [{ path, message, probe, file, line, column }] }
           or { "valid": true, "plan": {…}, "online": [{ subject, level, message, probes }] }
  --help   this text
  Comments and trailing commas are allowed. Exit code: 0 valid, 1 --online found an error, 2 errors or wrong usage.`;

interface Arguments {
  readonly files: readonly string[];
  readonly json: boolean;
  readonly online: boolean;
}

type Validation =
  | { readonly valid: true; readonly plan: Plan; readonly online?: readonly OnlineCheck[] }
  | { readonly valid: false; readonly errors: readonly ConfigurationError[] };

async function main(): Promise<number> {
  const parsed = readArguments();
  if (parsed === 'help') {
    console.log(usage);
    return exitCodes.success;
  }
  if (typeof parsed === 'string') {
    console.error(wrongUsage(parsed, 'npm run validate'));
    return exitCodes.usage;
  }
  const { json, online } = parsed;
  const files = parsed.files.length > 0 ? parsed.files : [undefined];
  let exitCode: number = exitCodes.success;
  for (const file of files) {
    const validation = await validate(file, online);
    exitCode = Math.max(exitCode, exitCodeOf(validation));
    if (json) console.log(JSON.stringify({ ...(files.length > 1 && { file }), ...validation }));
    else console.log(`${files.length > 1 ? `${file}:\n` : ''}${describe(validation)}`);
  }
  return exitCode;
}

function exitCodeOf(validation: Validation): number {
  if (!validation.valid) return exitCodes.usage;
  return validation.online?.some(({ level }) => level === 'error') ? exitCodes.failure : exitCodes.success;
}

async function validate(file: string | undefined, online: boolean): Promise<Validation> {
  const configuration = parseConfiguration(process.env, (path) => readFileSync(fromCaller(path)), file);
  const secrets = await readLocalSecrets(localSecretsFile());
  const secretErrors = secrets.kind === 'invalid' ? secrets.errors : [];
  if (configuration.kind === 'invalid') return { valid: false, errors: [...configuration.errors, ...secretErrors] };

  const { settings, probes, errorIn } = configuration;
  const planned = planErrors(settings, probes).map(({ index, message }) => errorIn(index, 'timeoutSeconds', message));
  const errors = [...planned, ...secretErrors];
  if (errors.length > 0) return { valid: false, errors };
  const plan = planOf(settings, probes, { hasLocalSecrets: Boolean(process.env.LOCAL_SECRETS_FILE) });
  if (!online || secrets.kind === 'invalid') return { valid: true, plan };
  const [{ checkOnline }, { secretReader }] = await Promise.all([
    import('./validate/checkOnline.ts'),
    import('./probe/configuredProbe.ts'),
  ]);
  return { valid: true, plan, online: await checkOnline(settings, probes, secretReader(secrets.secrets, settings)) };
}

function describe(validation: Validation): string {
  if (!validation.valid) return formatErrors(validation.errors);
  const { plan, online } = validation;
  return [describePlan(plan), ...(online ? [describeChecks(online)] : [])].join('\n\n');
}

const marks = { ok: '✔', warning: '!', error: '✖' } as const;

function describeChecks(checks: readonly OnlineCheck[]): string {
  const lines = checks.map(({ subject, level, message, probes = [] }) => {
    const concerned = level === 'ok' || probes.length === 0 ? '' : ` (${probes.join(', ')})`;
    return `${marks[level]} ${subject}: ${message}${concerned}`;
  });
  return ['Online checks, without registering a device:', ...lines].join('\n');
}

const options = {
  json: { type: 'boolean', default: false },
  online: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function readArguments(): Arguments | 'help' | string {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    if (positionals.includes('')) return 'Expected the path of a file, got an empty one.';
    return values.help ? 'help' : { files: positionals, json: values.json, online: values.online };
  } catch (error) {
    return explainOptionError(error, Object.keys(options));
  }
}

// A connection that a client library keeps open must not delay the exit.
const exitCode = await main();
process.stdout.write('', () => process.exit(exitCode));
