import { parseArgs } from 'node:util';

export const simulateUsage = `npm run simulate -- --probe NAME --devices N [options]

  --probe NAME      a configured probe with a group enrollment
  --devices N       how many devices register, 1 to 100000
  --rate R          registrations started a second (default: what the service's limit leaves; 100 with the stand-ins)
  --above-limits    allow a rate beyond the service's 1,000 registrations a minute
  --timeout S       seconds each device has (default: the probe's)
  --transport T     mqtt or mqtt-ws (default: the probe's)
  --prefix P        registrationIds are P and six digits (default: NAME-sim-)
  --reuse-tls       resume TLS sessions, which devices that start do not
  --url URL         a deployed app, as in https://APP.azurewebsites.net (default: the stand-ins of this machine)
  --key KEY         its function key (default: the environment's FUNCTION_KEY)
  --json            the result as one JSON object on stdout, and nothing else there

  Ctrl-C cancels the simulation. Exit code: 0 every device healthy, 1 otherwise, 2 wrong usage or a refused request.`;

export interface SimulateArguments {
  /** Body of the request, as far as it was said; the app judges the values. */
  readonly request: Readonly<Record<string, unknown>> & { readonly ratePerSecond?: number };
  readonly url?: string;
  readonly key?: string;
  readonly json: boolean;
}

/** A sentence says what is wrong. */
export function readSimulateArguments(args: string[]): SimulateArguments | 'help' | string {
  const parsed = parse(args);
  if (typeof parsed === 'string') return parsed;
  const { values } = parsed;
  if (values.help) return 'help';
  if (values.probe === undefined) return '--probe: expected the name of a probe.';
  if (values.devices === undefined) return '--devices: expected a number.';
  const numbers = { devices: Number(values.devices), rate: numberOf(values.rate), timeout: numberOf(values.timeout) };
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== undefined && !Number.isFinite(value)) return `--${name}: expected a number.`;
  }
  if (values.url !== undefined && !URL.canParse(values.url)) return '--url: expected a URL.';
  const key = values.key ?? process.env.FUNCTION_KEY;
  if (values.url !== undefined && key === undefined) return '--key: expected the function key of the app at --url.';
  return {
    request: {
      probe: values.probe,
      devices: numbers.devices,
      ...(numbers.rate !== undefined && { ratePerSecond: numbers.rate }),
      ...(values['above-limits'] && { allowAboveServiceLimits: true }),
      ...(numbers.timeout !== undefined && { timeoutSeconds: numbers.timeout }),
      ...(values.transport !== undefined && { transport: values.transport }),
      ...(values.prefix !== undefined && { registrationIdPrefix: values.prefix }),
      ...(values['reuse-tls'] && { reuseTlsSessions: true }),
    },
    ...(values.url !== undefined && { url: values.url }),
    ...(key !== undefined && { key }),
    json: values.json ?? false,
  };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args,
      options: {
        probe: text,
        devices: text,
        rate: text,
        timeout: text,
        transport: text,
        prefix: text,
        url: text,
        key: text,
        'above-limits': flag,
        'reuse-tls': flag,
        json: flag,
        help: flag,
      },
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text.trim() === '' ? Number.NaN : text);
}
