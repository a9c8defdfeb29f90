import * as z from 'zod';
import { endpointSchema } from './formats.ts';

const errorCode = z.int().min(100_000).max(999_999);

/** The expectation that turns a result into a verdict. */
export const expectationSchema = z
  .strictObject({
    result: z.enum(['assigned', 'refused', 'disabled', 'failed']).default('assigned').meta({
      description:
        'How the registration must end. refused: DPS refused this credential, and for no other reason; anything else is never healthy.',
    }),
    errorCode: z
      .union([errorCode, z.array(errorCode).min(1)], { error: 'expected a six-digit code, or a list of them' })
      .optional()
      .meta({
        description:
          'The six-digit code that a refusal or failure must carry, or a list of the codes that it may carry. Only with result refused or failed.',
        examples: [401002, [401000, 401002]],
      }),
    assignedHub: z.array(endpointSchema).min(1).optional().meta({
      description:
        "The hubs that the device may be assigned to. Only with result assigned. verifyHub gives the credential to these hubs and to Azure's own, to no others.",
    }),
    deviceId: z.string().min(1).max(128).optional().meta({
      description: 'The device ID that must be assigned. Only with result assigned.',
    }),
    substatus: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .meta({
        description: 'The substatus that the assignment must have. Only with result assigned.',
        examples: ['initialAssignment', 'deviceDataMigrated', 'deviceDataReset', 'reprovisionedToInitialAssignment'],
      }),
    connectionProfile: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .meta({
        description:
          'The connection profile that DPS must report for the hub, regardless of case: classic (also without a profile), mqttV5 or a newer one. Only with result assigned; needs apiVersion 2026-11-02-preview, its default then.',
        examples: ['classic', 'mqttV5'],
      }),
    issuedCertificateDays: z
      .strictObject({
        min: z.number().nonnegative().optional().meta({ description: 'Fewer days: degraded.' }),
        max: z.number().positive().optional().meta({ description: 'More days: degraded.' }),
      })
      .optional()
      .meta({
        description:
          'How many days an operational certificate has to be valid when it is issued, by DPS or by the hub. Only with requestCertificate and result assigned.',
      }),
    withinSeconds: z.number().positive().optional().meta({
      description: 'A slower run is degraded. Less than timeoutSeconds; only with result assigned.',
    }),
    certificateDaysLeft: z.number().nonnegative().max(3650).optional().meta({
      description:
        "The run is degraded when the server's chain, the device certificate or the secret expires in fewer days.",
    }),
    rootFingerprints: z
      .array(
        z.string().regex(/^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31}$/, {
          error: 'expected a SHA-256 fingerprint: 32 hexadecimal bytes joined by colons',
        }),
      )
      .min(1)
      .optional()
      .meta({
        description:
          'SHA-256 fingerprints of the root certificates that the server may have; another root is degraded. Without them, a root that differs from the previous run is degraded, once.',
      }),
  })
  .meta({ description: 'What must happen for the run to be healthy.' });

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
