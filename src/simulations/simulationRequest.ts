import * as z from 'zod/mini';
import { explainIssue, findingsOf } from '../config/configurationErrors.ts';
import { expectationSchema } from '../config/expectationSchema.ts';
import { type Probe, probeFields, probeSchema } from '../config/probe.ts';
import { printable } from '../transport/printable.ts';

/** Device numbers always have six digits, so that registrationIds of a prefix sort and do not depend on N. */
export const registrationIdDigits = 6;

const registrationIdLength = 128;
const prefixLength = registrationIdLength - registrationIdDigits;
/** At least one start in 10 s, because a batch must end within the host's function timeout. */
export const minRatePerSecond = 0.1;
/** Limit of the serialised request: it is stored in one property of a row, which holds 32 Ki characters. */
const maxRequestBytes = 16 * 1024;

/**
 * Body of `POST /api/simulations`. A caller names a configured probe: hosts, scopes and secrets never come from a request. `expect` has no
 * `deviceId`, because N devices have different IDs.
 */
export const simulationRequestSchema = z.strictObject({
  probe: probeFields.shape.name,
  devices: z.int().check(z.minimum(1), z.maximum(100_000)),
  registrationIdPrefix: z
    .optional(
      z.string().check(
        z.maxLength(prefixLength, { error: `expected at most ${prefixLength} characters: six digits follow` }),
        z.regex(/^[A-Za-z0-9][A-Za-z0-9:._-]*$/, {
          error: 'expected letters, digits or : . _ - with a letter or digit first',
        }),
      ),
    )
    .register(z.globalRegistry, {
      description:
        "Followed by six digits. Default: the probe's name and -sim-, so that a simulation that runs again reuses its devices.",
    }),
  ratePerSecond: z.optional(z.number().check(z.minimum(minRatePerSecond), z.maximum(1000))).register(z.globalRegistry, {
    description: 'Registrations started per second, over all instances. Default: what the limit of the service leaves.',
  }),
  transport: z.optional(probeFields.shape.transport.def.innerType),
  payload: probeFields.shape.payload,
  timeoutSeconds: z.optional(probeFields.shape.timeoutSeconds.def.innerType),
  expect: z.optional(z.omit(expectationSchema, { deviceId: true })),
  allowAboveServiceLimits: z
    ._default(z.boolean(), false)
    .register(z.globalRegistry, { description: 'Has to be true for a rate beyond 1,000 registrations per minute.' }),
  reuseTlsSessions: z._default(z.boolean(), false).register(z.globalRegistry, {
    description: 'Resume TLS sessions. Real devices make a full TLS handshake when they start.',
  }),
});

/** The parsed request, with the defaults that do not depend on the configuration. */
export type SimulationRequest = z.infer<typeof simulationRequestSchema>;

/** The request with all defaults. */
export type ResolvedRequest = SimulationRequest & {
  readonly registrationIdPrefix: string;
  readonly ratePerSecond: number;
};

/** Prefix and six digits, from 000001: a device's ID does not depend on N. */
export function registrationIdOf(request: ResolvedRequest, index: number): string {
  return `${request.registrationIdPrefix}${String(index + 1).padStart(registrationIdDigits, '0')}`;
}

export interface RequestError {
  /** Path in the body; empty for the whole body. */
  readonly field: readonly PropertyKey[];
  /** What was expected there, and what was found. */
  readonly message: string;
}

export type ParsedRequest =
  | { readonly kind: 'valid'; readonly request: SimulationRequest }
  | { readonly kind: 'invalid'; readonly errors: readonly RequestError[] };

/** Parses the body of `POST /api/simulations`, and returns every error. What depends on the probe is checked afterwards. */
export function parseSimulationRequest(body: unknown): ParsedRequest {
  const parsed = simulationRequestSchema.safeParse(body, { error: explainIssue });
  if (!parsed.success) return { kind: 'invalid', errors: requestErrors(parsed.error.issues, body) };
  const bytes = Buffer.byteLength(JSON.stringify(parsed.data));
  if (bytes <= maxRequestBytes) return { kind: 'valid', request: parsed.data };
  const message = `expected a request of at most ${maxRequestBytes} bytes as it is stored, got ${bytes}`;
  return { kind: 'invalid', errors: [{ field: parsed.data.payload === undefined ? [] : ['payload'], message }] };
}

function requestErrors(issues: readonly z.core.$ZodIssue[], body: unknown): readonly RequestError[] {
  return findingsOf(issues).map(({ path, message }) => ({ field: path, message: withFound(message, path, body) }));
}

const maxShownCharacters = 64;

/** Appends the value: `expected at least 1, got 0`. A message that already has it stays as it is. */
function withFound(message: string, field: readonly PropertyKey[], body: unknown): string {
  const found = field.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
    body,
  );
  if (found === undefined || /, (?:not|got) /.test(message) || !message.startsWith('expected ')) return message;
  const text = JSON.stringify(found) ?? '';
  return text.length <= maxShownCharacters
    ? `${message}, got ${printable(text)}`
    : `${message}, got ${text.length} characters`;
}

export type SimulatedProbe =
  | {
      readonly kind: 'probe';
      readonly probe: Probe;
      /** Hubs that may be given a credential, from the configured probe: an expectation in a request must not add any. */
      readonly configuredHubs: readonly string[] | undefined;
    }
  | { readonly kind: 'invalid'; readonly errors: readonly RequestError[] };

/**
 * The configured probe with the request's changes, for the last device. It is checked by the rules for probes, because the request's values
 * may be valid only by themselves. An expected `deviceId` is left out, because N devices have different IDs.
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
  const errors = requestErrors(parsed.error.issues, request).map(({ field, message }): RequestError => {
    const [name] = field;
    if (name === 'registrationId') return { field: ['registrationIdPrefix'], message };
    // Field and expectation do not fit together, and a request can change only the expectation.
    return name === undefined || name in simulationRequestSchema.shape
      ? { field, message }
      : { field: ['expect'], message: `it does not fit ${String(name)} of the configured probe: ${message}` };
  });
  return { kind: 'invalid', errors };
}
