import { extname } from 'node:path';
import { parseArgs } from 'node:util';
import { parseSimulationRequest } from '../../simulations/simulationRequest.ts';
import { fromCaller } from '../callerPaths.ts';
import { explainOptionError, refuseRepeated } from '../usage.ts';

export const simulateUsage = `npm run simulate -- --probe NAME --devices N [options]

  --probe NAME      a configured probe with a group enrollment
  --devices N       how many devices register, 1 to 100000
  --rate R          registrations started per second (default: what the limit of the service leaves; with the
                    stand-ins what this machine can do)
  --above-limits    allow a rate beyond the 1,000 registrations per minute of the service
  --timeout S       seconds that each device has (default: the probe's)
  --transport T     mqtt or mqtt-ws (default: the probe's)
  --prefix P        registration IDs are P and six digits (default: NAME-sim-)
  --reuse-tls       resume TLS sessions (real devices do not when they start)
  --url URL         a deployed app, as in https://APP.azurewebsites.net (default: the stand-ins of this machine)
  --key KEY         its function key (default: the environment's FUNCTION_KEY)
  --out FILE        also write the result: FILE.json as JSON, FILE.xml as JUnit with a test case per device
  --json            print the result as one JSON object on stdout, and nothing else there

  Ctrl-C cancels the simulation. Exit code: 0 every device healthy, 1 otherwise, 2 wrong usage or a refused request.`;

export interface SimulateArguments {
  /** Body of the request, checked without the configuration. */
  readonly request: Readonly<Record<string, unknown>> & { readonly probe: string; readonly ratePerSecond?: number };
  readonly url?: string;
  readonly key?: string;
  readonly out?: { readonly file: string; readonly format: 'json' | 'junit' };
  readonly json: boolean;
}

const options = {
  probe: { type: 'string' },
  devices: { type: 'string' },
  rate: { type: 'string' },
  'above-limits': { type: 'boolean' },
  timeout: { type: 'string' },
  transport: { type: 'string' },
  prefix: { type: 'string' },
  'reuse-tls': { type: 'boolean' },
  url: { type: 'string' },
  key: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** The option of each request field, for errors. */
const optionOf: Readonly<Record<string, keyof typeof options>> = {
  probe: 'probe',
  devices: 'devices',
  ratePerSecond: 'rate',
  allowAboveServiceLimits: 'above-limits',
  timeoutSeconds: 'timeout',
  transport: 'transport',
  registrationIdPrefix: 'prefix',
  reuseTlsSessions: 'reuse-tls',
};

/** Formulates an error in a request field for the command line. */
export function optionError(field: string | undefined, message: string): string {
  const option = field === undefined ? undefined : optionOf[field];
  const words = message.replaceAll('"allowAboveServiceLimits": true', '--above-limits');
  return option === undefined ? words : `--${option}: ${words}`;
}

/** A string has the errors, one per line. */
export function readSimulateArguments(args: string[]): SimulateArguments | 'help' | string {
  const parsed = parse(args);
  if (typeof parsed === 'string') return parsed;
  if (parsed.help) return 'help';
  const { url, key = process.env.FUNCTION_KEY, out, json = false } = parsed;
  const request = {
    ...(parsed.probe !== undefined && { probe: parsed.probe }),
    ...(parsed.devices !== undefined && { devices: numberOf(parsed.devices) }),
    ...(parsed.rate !== undefined && { ratePerSecond: numberOf(parsed.rate) }),
    ...(parsed['above-limits'] && { allowAboveServiceLimits: true }),
    ...(parsed.timeout !== undefined && { timeoutSeconds: numberOf(parsed.timeout) }),
    ...(parsed.transport !== undefined && { transport: parsed.transport }),
    ...(parsed.prefix !== undefined && { registrationIdPrefix: parsed.prefix }),
    ...(parsed['reuse-tls'] && { reuseTlsSessions: true }),
  };
  const checked = parseSimulationRequest(request);
  const format = out === undefined ? undefined : formats[extname(out).toLowerCase()];
  const errors = [
    ...(checked.kind === 'invalid'
      ? checked.errors.map(({ field: [name], message }) => {
          const given: unknown = Reflect.get(request, name ?? '');
          return optionError(String(name), message.replace(/got a string$/, `got ${JSON.stringify(given)}`));
        })
      : []),
    ...(url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')
      ? [`--url: expected a URL such as https://APP.azurewebsites.net, got ${JSON.stringify(url)}`]
      : []),
    ...(url !== undefined && key === undefined ? ['--key: expected the function key of the app at --url'] : []),
    ...(out !== undefined && format === undefined
      ? [`--out: expected a file name that ends with .json or .xml, got ${JSON.stringify(out)}`]
      : []),
  ];
  if (errors.length > 0 || checked.kind === 'invalid') return errors.join('\n');
  return {
    request: { ...request, probe: checked.request.probe } as SimulateArguments['request'],
    ...(url !== undefined && { url }),
    ...(key !== undefined && { key }),
    ...(out !== undefined && format && { out: { file: fromCaller(out), format } }),
    json,
  };
}

const formats: Readonly<Record<string, 'json' | 'junit'>> = { '.json': 'json', '.xml': 'junit' };

function parse(args: string[]) {
  try {
    refuseRepeated(args, options);
    return parseArgs({ args, options }).values;
  } catch (error) {
    return explainOptionError(error, Object.keys(options));
  }
}

/** A text that is not a number is returned unchanged, and the schema reports the error. */
function numberOf(text: string): number | string {
  const number = Number(text);
  return text.trim() === '' || !Number.isFinite(number) ? text : number;
}
