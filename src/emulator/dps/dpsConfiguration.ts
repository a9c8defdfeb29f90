/** The stand-in's configuration, with the field names of the service's enrollment API. */
import { createSecretKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { describeIssues } from '../configurationErrors.ts';
import { hubFaultSchema } from '../hub/hubFaults.ts';
import { listenerFaultSchema } from '../mqtt/listenerFault.ts';
import { faultsSchema } from './faults/faults.ts';
import { registrationIdPattern } from './identity.ts';

const key = z
  .string()
  .refine(
    (text) => text !== '' && Buffer.from(text, 'base64').toString('base64') === text,
    'expected a key in base64, as the portal shows it',
  )
  .transform((text) => createSecretKey(text, 'base64'));

const certificate = z.string().transform((text, context) => {
  try {
    return new X509Certificate(text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64'));
  } catch {
    context.addIssue({ code: 'custom', message: 'expected a certificate, as PEM or DER in base64' });
    return z.NEVER;
  }
});

const certificatePair = z.strictObject({
  primary: z.strictObject({ certificate }),
  secondary: z.strictObject({ certificate }).optional(),
});

const symmetricKey = z.strictObject({
  type: z.literal('symmetricKey'),
  symmetricKey: z.strictObject({ primaryKey: key, secondaryKey: key.optional() }),
});

const attestationKinds = { error: 'expected "symmetricKey" or "x509" (DPS offers no TPM attestation over MQTT)' };

const individualAttestation = z.discriminatedUnion(
  'type',
  [
    symmetricKey,
    z.strictObject({ type: z.literal('x509'), x509: z.strictObject({ clientCertificates: certificatePair }) }),
  ],
  attestationKinds,
);

const groupAttestation = z.discriminatedUnion(
  'type',
  [
    symmetricKey,
    z.strictObject({ type: z.literal('x509'), x509: z.strictObject({ signingCertificates: certificatePair }) }),
  ],
  attestationKinds,
);

const hubs = z.array(z.string().min(1)).min(1);

const enrollment = {
  provisioningStatus: z.enum(['enabled', 'disabled']).default('enabled'),
  /** Short for one entry in `iotHubs`. May have a port, so that a device on this machine reaches a local hub. */
  iotHubHostName: z.string().min(1).optional(),
  iotHubs: hubs.optional(),
  allocationPolicy: z.enum(['hashed', 'geoLatency', 'static', 'custom']).default('hashed'),
  /** The payload that custom allocation returns to the device. */
  returnPayload: z.json().optional(),
  /** One of `credentialPolicies`, which issues operational certificates to these devices. */
  credentialPolicyName: z.string().optional(),
  /** The hub's connection profile, which DPS reports with api-version 2026-11-02-preview and newer. */
  connectionProfile: z.string().nullable().default('classic'),
  fault: faultsSchema,
};

const registrationId = z
  .string()
  .regex(
    registrationIdPattern,
    'expected a registrationId, 1 to 128 letters, digits and - . _ : with none of these four at either end',
  );

const credentialPolicy = z.strictObject({
  name: z.string().min(1),
  validityDays: z.int().min(1).max(90).default(30),
  /** Seconds from the hub's 202 to the renewed certificate. */
  renewalSeconds: z.number().min(0).default(0),
});

const configurationSchema = z.strictObject({
  idScope: z
    .string()
    .regex(/^[A-Za-z0-9]+$/, 'expected letters and digits, such as 0neLOCAL')
    .default('0neLOCAL'),
  /** The retry-after of the service's responses; 0 for full speed. */
  retryAfterSeconds: z.number().min(0).default(1),
  /** Number of status queries with response 202 before the one with 200. */
  assigningPolls: z.int().min(0).default(0),
  /**
   * How a wrong credential is refused. Each form is known from public reports: `register` (401 or 404 in the response), `connect` (CONNACK
   * 5), `close` (the connection is closed after the register message), `failed` (202, and then 200 with `failed`).
   */
  refuseAt: z.enum(['register', 'connect', 'close', 'failed']).default('register'),
  /** Refuse what the document does not allow, although the real service and SDKs do it. */
  strict: z.boolean().default(false),
  /** Tolerance for a device's clock when its token or certificate is checked. */
  clockSkewSeconds: z.number().min(0).default(0),
  /** The policies that issue operational certificates; an enrollment names one as `credentialPolicyName`. */
  credentialPolicies: z.array(credentialPolicy).default([]),
  /** The hubs linked to the service, for enrollments that name none. */
  iotHubs: hubs.optional(),
  individualEnrollments: z
    .array(
      z.strictObject({
        registrationId,
        deviceId: z.string().min(1).max(128).optional(),
        attestation: individualAttestation,
        ...enrollment,
      }),
    )
    .default([]),
  enrollmentGroups: z
    .array(z.strictObject({ enrollmentGroupId: registrationId, attestation: groupAttestation, ...enrollment }))
    .default([]),
  /** By registrationId, enrolled or not. */
  faults: z.record(z.string(), faultsSchema).default({}),
  listenerFault: listenerFaultSchema.optional(),
  /** By device ID: faults of the IoT Hub stand-in. */
  hubFaults: z.record(z.string(), hubFaultSchema).default({}),
});

export type DpsConfigurationInput = z.input<typeof configurationSchema>;
export type DpsConfiguration = z.output<typeof configurationSchema>;
export type IndividualEnrollment = DpsConfiguration['individualEnrollments'][number];
export type EnrollmentGroup = DpsConfiguration['enrollmentGroups'][number];

export type ParsedDpsConfiguration =
  | { readonly ok: true; readonly configuration: DpsConfiguration }
  /** Each one as `path: expected …, got …`. */
  | { readonly ok: false; readonly errors: readonly string[] };

export function parseDpsConfiguration(input: unknown): ParsedDpsConfiguration {
  const parsed = configurationSchema.safeParse(input);
  const more = [
    ...duplicatesOf(input, 'individualEnrollments', 'registrationId'),
    ...duplicatesOf(input, 'enrollmentGroups', 'enrollmentGroupId'),
    ...duplicatesOf(input, 'credentialPolicies', 'name'),
    ...unknownPolicies(input),
  ];
  if (parsed.success && more.length === 0) return { ok: true, configuration: parsed.data };
  const errors = describeIssues(parsed.error?.issues ?? [], input, configurationSchema);
  return { ok: false, errors: [...errors, ...more] };
}

/** Checks the unparsed input, so that other errors do not hide these. */
function duplicatesOf(input: unknown, list: string, field: string): string[] {
  const ids = fieldsOf(input, list, field).map((id) => String(id).toLowerCase());
  return ids.flatMap((id, index) =>
    id === 'undefined' || ids.indexOf(id) === index
      ? []
      : [`${list}[${index}].${field}: duplicate name: ${list}[${ids.indexOf(id)}] already uses "${id}"`],
  );
}

function unknownPolicies(input: unknown): string[] {
  const names = fieldsOf(input, 'credentialPolicies', 'name');
  return ['individualEnrollments', 'enrollmentGroups'].flatMap((list) =>
    fieldsOf(input, list, 'credentialPolicyName').flatMap((name, index) =>
      typeof name !== 'string' || names.includes(name)
        ? []
        : [
            `${list}[${index}].credentialPolicyName: expected the name of one of credentialPolicies, got ${JSON.stringify(name)}`,
          ],
    ),
  );
}

function fieldsOf(input: unknown, list: string, field: string): unknown[] {
  const entries: unknown = Object(input)[list];
  return Array.isArray(entries) ? entries.map((entry: unknown) => Object(entry)[field]) : [];
}
