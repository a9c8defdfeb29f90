import * as z from 'zod';
import { type ConfigurationError, explainIssue, toErrors } from '../config/configurationErrors.ts';
import { expectationSchema } from '../config/expectationSchema.ts';
import { probeFields } from '../config/probe.ts';
import { lowestRatePerSecond } from './pace.ts';

/** Device numbers are written with six digits, so that registrationIds of one prefix sort and never change with N. */
export const registrationIdDigits = 6;

const registrationIdLength = 128;
const prefixLength = registrationIdLength - registrationIdDigits;

/**
 * Body of `POST /api/simulations`. A caller names a configured probe: hosts, scopes and secrets never come from a request.
 * `expect` leaves out `deviceId`, because N devices cannot all be the same one.
 */
const simulationRequestSchema = z.strictObject({
  probe: probeFields.shape.name,
  devices: z.int().min(1).max(100_000),
  /** Followed by six digits; default: the probe's name and `-sim-`, so that a simulation run again reuses its devices. */
  registrationIdPrefix: z
    .string()
    .max(prefixLength, { error: `expected at most ${prefixLength} characters: six digits follow` })
    .regex(/^[A-Za-z0-9][A-Za-z0-9:._-]*$/, {
      error: 'expected letters, digits or : . _ - with a letter or digit first',
    })
    .optional(),
  /** Registrations started a second, over all instances; default: what the service's limit leaves. */
  ratePerSecond: z.number().min(lowestRatePerSecond).max(1000).optional(),
  transport: probeFields.shape.transport.unwrap().optional(),
  payload: probeFields.shape.payload,
  timeoutSeconds: probeFields.shape.timeoutSeconds.unwrap().optional(),
  expect: expectationSchema.omit({ deviceId: true }).optional(),
  /** Has to be said to go beyond 1,000 registrations a minute. */
  allowAboveServiceLimits: z.boolean().default(false),
  /** Real devices make a full TLS handshake when they start, so this is off unless asked for. */
  reuseTlsSessions: z.boolean().default(false),
});

/** A simulation as asked for, with the defaults that do not depend on the configuration. */
export type SimulationRequest = z.infer<typeof simulationRequestSchema>;

export type ParsedRequest =
  | { readonly kind: 'valid'; readonly request: SimulationRequest }
  | { readonly kind: 'invalid'; readonly faults: readonly ConfigurationError[] };

export function parseSimulationRequest(body: unknown): ParsedRequest {
  const parsed = simulationRequestSchema.safeParse(body, { error: explainIssue });
  if (parsed.success) return { kind: 'valid', request: parsed.data };
  return { kind: 'invalid', faults: toErrors(parsed.error.issues, '') };
}
