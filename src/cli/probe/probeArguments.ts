import { parseArgs } from 'node:util';
import { explainOptionError, refuseRepeated } from '../usage.ts';

/** Where the device's credential comes from. A key is never an argument: the process list and the shell's history would show it. */
export type CredentialSource =
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'certificate'; readonly path: string; readonly keyPath?: string | undefined }
  | { readonly kind: 'prompt' };

/** A device that the arguments describe. */
export interface DeviceArguments {
  readonly kind: 'device';
  readonly source: CredentialSource;
  /** The given fields as in `PROBES`, to be checked by the same rules. */
  readonly probe: Readonly<Record<string, unknown>>;
  readonly hubs: readonly string[];
  readonly json: boolean;
}

/** A configured probe. */
export interface NameArguments {
  readonly kind: 'name';
  readonly name: string;
  readonly timeoutSeconds?: number | undefined;
  readonly hubs: readonly string[];
  readonly json: boolean;
}

export type ProbeArguments =
  | DeviceArguments
  | NameArguments
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

/** The option of each probe field, for errors. */
export const optionOfField: Readonly<Record<string, string>> = {
  idScope: '--id-scope',
  registrationId: '--registration-id',
  globalDeviceEndpoint: '--endpoint',
  transport: '--transport',
  apiVersion: '--api-version',
  timeoutSeconds: '--timeout',
  verifyHub: '--verify-hub',
  requestCertificate: '--request-certificate',
  'expect.result': '--expect',
};

const options = {
  'id-scope': { type: 'string' },
  'registration-id': { type: 'string' },
  'key-env': { type: 'string' },
  'key-file': { type: 'string' },
  certificate: { type: 'string' },
  'certificate-key': { type: 'string' },
  group: { type: 'boolean', default: false },
  endpoint: { type: 'string' },
  transport: { type: 'string' },
  'verify-hub': { type: 'string' },
  hub: { type: 'string', multiple: true, default: [] as string[] },
  'request-certificate': { type: 'boolean', default: false },
  'api-version': { type: 'string' },
  expect: { type: 'string' },
  timeout: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const keyInArgument =
  'A key must not be an argument: other users see it in the process list, and the shell keeps it in its history. ' +
  'Use --key-env NAME, --key-file FILE, or none of them to get a prompt. If this was a real key, replace it.';

/** Options that people may try for the key itself. */
const keyOption =
  /^--(?:key|primary-key|secondary-key|symmetric-key|device-key|group-key|password|secret|sas|token|connection-string)(?:=|$)/;

/** Reads the arguments. Messages never quote a value, because it could be a key. */
export function readProbeArguments(args: readonly string[]): ProbeArguments {
  if (args.some((arg) => keyOption.test(arg))) return wrong(keyInArgument);
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return wrong(explainOptionError(error, Object.keys(options)));
  }
  const { values, positionals } = parsed;
  if (values.help) return { kind: 'help' };
  const seconds = values.timeout === undefined ? undefined : Number(values.timeout);
  if (seconds !== undefined && !/^\d+(?:\.\d+)?$/.test(values.timeout ?? '')) {
    return wrong('--timeout: expected a number of seconds');
  }
  const [name, ...more] = positionals;
  if (name === undefined) return deviceArguments(values, seconds);

  if (more.length > 0) return wrong(`Expected the name of one configured probe, got ${positionals.length} names.`);
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    return wrong(`Expected the name of a configured probe. ${keyInArgument}`);
  const described = Object.entries(values).find(
    ([option, value]) => !['hub', 'timeout', 'json', 'help'].includes(option) && value !== undefined && value !== false,
  );
  if (described !== undefined) {
    return wrong(`--${described[0]} describes a device: leave it out with the name of a configured probe.`);
  }
  return { kind: 'name', name, timeoutSeconds: seconds, hubs: values.hub, json: values.json };
}

function parse(args: readonly string[]) {
  refuseRepeated(args, options);
  return parseArgs({ args: [...args], options, allowPositionals: true });
}

function deviceArguments(values: ReturnType<typeof parse>['values'], seconds: number | undefined): ProbeArguments {
  const sources = [values['key-env'], values['key-file'], values.certificate].filter((given) => given !== undefined);
  if (sources.length > 1) return wrong('Expected only one of --key-env, --key-file and --certificate.');
  if (values['certificate-key'] !== undefined && values.certificate === undefined) {
    return wrong('--certificate-key belongs to --certificate FILE.');
  }
  const missing = (['id-scope', 'registration-id'] as const).filter((option) => values[option] === undefined);
  if (missing.length > 0) {
    return wrong(
      `Required, but missing: ${missing.map((option) => `--${option}`).join(' and ')}; or the name of a configured probe.`,
    );
  }
  const enrollment = values.group ? 'group' : 'individual';
  return {
    kind: 'device',
    source: sourceOf(values),
    hubs: values.hub,
    json: values.json,
    probe: withoutUndefined({
      name: 'command-line',
      idScope: values['id-scope'],
      registrationId: values['registration-id'],
      attestation:
        values.certificate === undefined
          ? { type: 'symmetricKey', secret: 'key', enrollment }
          : { type: 'x509', certificate: 'certificate', enrollment },
      globalDeviceEndpoint: values.endpoint,
      transport: values.transport,
      apiVersion: values['api-version'],
      verifyHub: values['verify-hub'],
      requestCertificate: values['request-certificate'] || undefined,
      timeoutSeconds: seconds,
      expect: withoutUndefined({ result: values.expect }),
    }),
  };
}

function sourceOf(values: ReturnType<typeof parse>['values']): CredentialSource {
  if (values['key-env'] !== undefined) return { kind: 'environment', name: values['key-env'] };
  if (values['key-file'] !== undefined) return { kind: 'file', path: values['key-file'] };
  if (values.certificate === undefined) return { kind: 'prompt' };
  return { kind: 'certificate', path: values.certificate, keyPath: values['certificate-key'] };
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function wrong(message: string): ProbeArguments {
  return { kind: 'wrong', message };
}
