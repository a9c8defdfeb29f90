import { z } from 'zod';

const millisecondsPerSecond = 1000;

/** registrationId: at most 128 characters, alphanumeric plus `: . _ -`, no special character at either end (REST reference). */
const registrationId = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9:._-]{0,126}[A-Za-z0-9])?$/, {
  error: 'expected at most 128 letters, digits or : . _ - with a letter or digit at both ends',
});

/** A Key Vault object name: what belongs in a probe is the name of a secret, never the secret. */
const keyVaultName = z.string().regex(/^[0-9A-Za-z-]{1,127}$/, {
  error: 'expected the name of a Key Vault object (1 to 127 letters, digits and dashes), not its value',
});

const enrollment = z.enum(['individual', 'group']).default('individual');

const symmetricKey = z.strictObject({
  type: z.literal('symmetricKey'),
  /** Name of the Key Vault secret that holds the base64 key. */
  secret: keyVaultName,
  enrollment,
  /** How long the SAS token is valid, in seconds; negative makes a token that has already expired, for a refusal canary. */
  tokenLifetimeSeconds: z.int().min(-86_400).max(86_400).default(3600),
});

const x509 = z.strictObject({
  type: z.literal('x509'),
  /** Name of the Key Vault certificate: the device's own, or the group's CA. */
  certificate: keyVaultName,
  enrollment,
});

const expect = z.strictObject({
  result: z.enum(['assigned', 'refused', 'disabled', 'failed']).default('assigned'),
  errorCode: z.int().min(100_000).max(999_999).optional(),
  assignedHub: z.array(z.string().min(1)).min(1).optional(),
  deviceId: z.string().min(1).optional(),
  substatus: z.string().min(1).optional(),
  withinSeconds: z.number().positive().optional(),
  certificateDaysLeft: z.number().nonnegative().optional(),
  rootFingerprints: z
    .array(z.string().regex(/^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/i))
    .min(1)
    .optional(),
});

/** One configured check, as in the contract's section "A probe". */
export const probeSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  idScope: z.string().regex(/^[0-9A-Za-z]{1,64}$/),
  registrationId,
  attestation: z.discriminatedUnion('type', [symmetricKey, x509]),
  /** host[:port] */
  globalDeviceEndpoint: z.string().default('global.azure-devices-provisioning.net'),
  transport: z.enum(['mqtt', 'mqtt-ws']).default('mqtt'),
  apiVersion: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}(-preview)?$/)
    .default('2019-03-31'),
  payload: z.json().optional(),
  timeoutSeconds: z.number().positive().max(220).default(60),
  everyMinutes: z.int().positive().optional(),
  verifyHub: z.enum(['connect', 'telemetry', 'twin']).optional(),
  expect: expect.prefault({}),
});

/** A probe as the app uses it: parsed, defaults filled in. */
export type Probe = z.infer<typeof probeSchema>;
export type Expectation = Probe['expect'];
export type Attestation = Probe['attestation'];

export function timeoutMs(probe: Probe): number {
  return probe.timeoutSeconds * millisecondsPerSecond;
}
