import * as z from 'zod';
import { explainIssue, toErrors } from '../config/configurationErrors.ts';
import { expectationSchema } from '../config/expectationSchema.ts';
import { type Probe, probeFields, probeSchema } from '../config/probe.ts';

/** Device numbers are written with six digits, so that registrationIds of one prefix sort and never change with N. */
export const registrationIdDigits = 6;

const registrationIdLength = 128;
const prefixLength = registrationIdLength - registrationIdDigits;
/** A batch must end within the host's function timeout, so the gap between two starts is at most 10 s. */
export const minRatePerSecond = 0.1;
/** The request is written into a property of a row, which holds 32 Ki characters: measured as it is written, not as it came. */
const maxRequestBytes = 16 * 1024;

/**
 * Body of `POST /api/simulations`. A caller names a configured probe: hosts, scopes and secrets never come from a request.
 * `expect` leaves out `deviceId`, because N devices cannot all be the same one.
 */
export const simulationRequestSchema = z.strictObject({
  probe: probeFields.shape.name,
  devices: z.int().min(1).max(100_000),
  registrationIdPrefix: z
    .string()
    .max(prefixLength, { error: `expected at most ${prefixLength} characters: six digits follow` })
    .regex(/^[A-Za-z0-9][A-Za-z0-9:._-]*$/, {
      error: 'expected letters, digits or : . _ - with a letter or digit first',
    })
    .optional()
    .meta({
      description:
        "Followed by six digits. Default: the probe's name and -sim-, so that a simulation that runs again reuses its devices.",
    }),
  ratePerSecond: z.number().min(minRatePerSecond).max(1000).optional().meta({
    description: 'Registrations started per second, over all instances. Default: what the limit of the service leaves.',
  }),
  transport: probeFields.shape.transport.unwrap().optional(),
  payload: probeFields.shape.payload,
  timeoutSeconds: probeFields.shape.timeoutSeconds.unwrap().optional(),
  expect: expectationSchema.omit({ deviceId: true }).optional(),
  allowAboveServiceLimits: z
    .boolean()
    .default(false)
    .meta({ description: 'Has to be true for a rate beyond 1,000 registrations per minute.' }),
  reuseTlsSessions: z
    .boolean()
    .default(false)
    .meta({ description: 'Resume TLS sessions. Real devices make a full TLS handshake when they start.' }),
});

/** A simulation as asked for, with the defaults that do not depend on the configuration. */
export type SimulationRequest = z.infer<typeof simulationRequestSchema>;

/** The request with every default filled in that the plan depends on. */
export type ResolvedRequest = SimulationRequest & {
  readonly registrationIdPrefix: string;
  readonly ratePerSecond: number;
};

/** Prefix and six digits, from 000001: the same device of the same prefix has the same id whatever N is. */
export function registrationIdOf(request: ResolvedRequest, index: number): string {
  return `${request.registrationIdPrefix}${String(index + 1).padStart(registrationIdDigits, '0')}`;
}

export interface RequestError {
  /** Where in the body; empty for the whole of it. */
  readonly field: readonly PropertyKey[];
  /** What was expected there, and what was found. */
  readonly message: string;
}

export type ParsedRequest =
  | { readonly kind: 'valid'; readonly request: SimulationRequest }
  | { readonly kind: 'invalid'; readonly errors: readonly RequestError[] };

export function parseSimulationRequest(body: unknown): ParsedRequest {
  const parsed = simulationRequestSchema.safeParse(body, { error: explainIssue });
  if (!parsed.success) return { kind: 'invalid', errors: requestErrors(parsed.error.issues, body) };
  const bytes = Buffer.byteLength(JSON.stringify(parsed.data));
  if (bytes <= maxRequestBytes) return { kind: 'valid', request: parsed.data };
  const message = `expected a request of at most ${maxRequestBytes} bytes as it is stored, got ${bytes}`;
  return { kind: 'invalid', errors: [{ field: parsed.data.payload === undefined ? [] : ['payload'], message }] };
}

function requestErrors(issues: readonly z.core.$ZodIssue[], body: unknown): readonly RequestError[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys')
      return { field: issue.path, message: withFound(issue.message, issue.path, body) };
    const messages = toErrors([issue], '').map(({ message }) => message);
    return issue.keys.map((key, index) => ({
      field: [...issue.path, key],
      message: messages[index] ?? issue.message,
    }));
  });
}

const maxShownCharacters = 64;

/** `expected at least 1, got 0`. A message that says already of what type the value is, is complete. */
function withFound(message: string, field: readonly PropertyKey[], body: unknown): string {
  const found = field.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
    body,
  );
  if (found === undefined || /, (?:not|got) /.test(message) || !message.startsWith('expected ')) return message;
  const text = JSON.stringify(found) ?? '';
  return text.length <= maxShownCharacters ? `${message}, got ${text}` : `${message}, got ${text.length} characters`;
}

export type SimulatedProbe =
  | {
      readonly kind: 'probe';
      readonly probe: Probe;
      /** Hubs that may be given a credential: an expectation in a request judges, and widens nothing. */
      readonly configuredHubs: readonly string[] | undefined;
    }
  | { readonly kind: 'invalid'; readonly errors: readonly RequestError[] };

/**
 * The configured probe with what the request changes, as its last device sees it: checked by the rules for probes, because a request
 * can name values that are each valid and together not. An expected `deviceId` is left out: N devices cannot all have it.
 */
export function simulatedProbe(configured: Probe, request: ResolvedRequest): SimulatedProbe {
  const { transport, payload, timeoutSeconds, expect } = request;
  const { deviceId: _, ...inherited } = configured.expect;
  const parsed = probeSchema.safeParse(
    {
      ...configured,
      registrationId: registrationIdOf(request, request.devices - 1),
      ...(transport !== undefined && { transport }),
      ...(payload !== undefined && { payload }),
      ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      expect: expect ?? inherited,
    },
    { error: explainIssue },
  );
  if (parsed.success) return { kind: 'probe', probe: parsed.data, configuredHubs: configured.expect.assignedHub };
  const errors = requestErrors(parsed.error.issues, request).map(({ field, message }) => ({
    field: field[0] === 'registrationId' ? ['registrationIdPrefix'] : field,
    message,
  }));
  return { kind: 'invalid', errors };
}
