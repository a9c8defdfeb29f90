import * as z from 'zod/mini';
import { endpointSchema, printableText } from './formats.ts';

const errorCode = z.int().check(z.minimum(100_000), z.maximum(999_999));
const nonNegative = () => z.number().check(z.nonnegative());
const positive = () => z.number().check(z.positive());
const text = (maxCharacters: number) => z.string().check(z.minLength(1), z.maxLength(maxCharacters), printableText);

/** The expectation that turns a result into a verdict. */
export const expectationSchema = z
  .strictObject({
    result: z._default(z.enum(['assigned', 'refused', 'disabled', 'failed']), 'assigned').register(z.globalRegistry, {
      description:
        'How the registration must end. refused: DPS refused this credential, and for no other reason; anything else is never healthy.',
    }),
    errorCode: z
      .optional(
        z.union([errorCode, z.array(errorCode).check(z.minLength(1))], {
          error: 'expected a six-digit code, or a list of them',
        }),
      )
      .register(z.globalRegistry, {
        description:
          'The six-digit code that a refusal or failure must carry, or a list of the codes that it may carry. Only with result refused or failed.',
        examples: [401002, [401000, 401002]],
      }),
    assignedHub: z.optional(z.array(endpointSchema).check(z.minLength(1))).register(z.globalRegistry, {
      description:
        "The hubs that the device may be assigned to. Only with result assigned. verifyHub gives the credential to these hubs and to Azure's own, to no others.",
    }),
    deviceId: z.optional(text(128)).register(z.globalRegistry, {
      description: 'The device ID that must be assigned. Only with result assigned.',
    }),
    substatus: z.optional(text(128)).register(z.globalRegistry, {
      description: 'The substatus that the assignment must have. Only with result assigned.',
      examples: ['initialAssignment', 'deviceDataMigrated', 'deviceDataReset', 'reprovisionedToInitialAssignment'],
    }),
    connectionProfile: z.optional(text(64)).register(z.globalRegistry, {
      description:
        'The connection profile that DPS must report for the hub, regardless of case: classic (also without a profile), mqttV5 or a newer one. Only with result assigned; needs apiVersion 2026-11-02-preview, its default then.',
      examples: ['classic', 'mqttV5'],
    }),
    issuedCertificateDays: z
      .optional(
        z.strictObject({
          min: z.optional(nonNegative()).register(z.globalRegistry, { description: 'Fewer days: degraded.' }),
          max: z.optional(positive()).register(z.globalRegistry, { description: 'More days: degraded.' }),
        }),
      )
      .register(z.globalRegistry, {
        description:
          'How many days an operational certificate has to be valid when it is issued, by DPS or by the hub. Only with requestCertificate and result assigned.',
      }),
    withinSeconds: z.optional(positive()).register(z.globalRegistry, {
      description: 'A slower run is degraded. Less than timeoutSeconds; only with result assigned.',
    }),
    certificateDaysLeft: z.optional(nonNegative().check(z.maximum(3650))).register(z.globalRegistry, {
      description:
        "The run is degraded when the server's chain, the device certificate or the secret expires in fewer days.",
    }),
    rootFingerprints: z
      .optional(
        z
          .array(
            z.string().check(
              z.regex(/^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31}$/, {
                error: 'expected a SHA-256 fingerprint: 32 hexadecimal bytes joined by colons',
              }),
            ),
          )
          .check(z.minLength(1)),
      )
      .register(z.globalRegistry, {
        description:
          'SHA-256 fingerprints of the root certificates that the server may have; another root is degraded. Without them, a root that differs from the previous run is degraded, once.',
      }),
  })
  .register(z.globalRegistry, { description: 'What must happen for the run to be healthy.' });

/** Fields of `expect` that apply only to certain results. */
export const fieldsByResult: readonly { readonly field: string; readonly results: readonly string[] }[] = [
  { field: 'errorCode', results: ['refused', 'failed'] },
  { field: 'assignedHub', results: ['assigned'] },
  { field: 'deviceId', results: ['assigned'] },
  { field: 'substatus', results: ['assigned'] },
  { field: 'connectionProfile', results: ['assigned'] },
  { field: 'issuedCertificateDays', results: ['assigned'] },
  { field: 'withinSeconds', results: ['assigned'] },
];
