import * as z from 'zod';
import { attestationSchema } from './attestationSchema.ts';
import { alternatives } from './configurationErrors.ts';
import { expectationSchema, fieldsByResult } from './expectationSchema.ts';
import { endpointSchema } from './formats.ts';
import {
  checkOperationalCertificate,
  dependentDefaults,
  isRecord,
  timeoutSecondsByDefault,
} from './operationalCertificate.ts';

const millisecondsPerSecond = 1000;

/** Azure's load balancer gives up on an HTTP request after 230 s, and a probe run on demand has to answer before that. */
const longestTimeoutSeconds = 220;

/** DPS takes messages of at most 96 KB (its published limits). */
const largestPayloadBytes = 96 * 1024;

/** One configured check as people write it: the contract's section "A probe". */
export const probeFields = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, {
        error: 'expected 1 to 63 lower-case letters, digits and dashes, with no dash first',
      })
      .meta({ description: 'The probe in URLs, metrics and history. Each probe has its own.' }),
    idScope: z
      .string()
      .regex(/^[0-9A-Za-z]{1,64}$/, {
        error: 'expected the ID scope of a DPS instance: letters and digits, as in 0ne00000000',
      })
      .meta({ description: "The DPS instance's ID scope.", examples: ['0ne00000000'] }),
    registrationId: z
      .string()
      // alphanumeric plus `: . _ -`, at most 128, no special character at either end (REST reference)
      .regex(/^[A-Za-z0-9](?:[A-Za-z0-9:._-]{0,126}[A-Za-z0-9])?$/, {
        error: 'expected at most 128 letters, digits or : . _ - with a letter or digit at both ends',
      })
      .meta({
        description: "The simulated device's registration ID. Give each probe its own: it is the MQTT client ID.",
      }),
    attestation: attestationSchema,
    globalDeviceEndpoint: endpointSchema.default('global.azure-devices-provisioning.net').meta({
      description: 'host[:port] that the device connects to. The port defaults to 8883, over WebSocket to 443.',
    }),
    transport: z.enum(['mqtt', 'mqtt-ws']).default('mqtt').meta({
      description: 'mqtt: MQTT over TLS, port 8883. mqtt-ws: MQTT over WebSocket and TLS, port 443.',
    }),
    apiVersion: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}(?:-preview)?$/, { error: 'expected a date, as in 2019-03-31, or a date and -preview' })
      .optional()
      .meta({
        description:
          'DPS device API version. Default: 2019-03-31; with requestCertificate 2025-07-01-preview, with expect.connectionProfile 2026-11-02-preview.',
        examples: ['2019-03-31', '2021-06-01', '2021-10-01', '2025-07-01-preview', '2026-11-02-preview'],
      }),
    payload: z
      .json({ error: 'expected a JSON value' })
      .refine((payload) => Buffer.byteLength(JSON.stringify(payload) ?? '') <= largestPayloadBytes, {
        error: 'expected at most 96 KB of JSON, the largest message that DPS takes',
      })
      .optional()
      .meta({
        description: "Custom allocation data, sent with the registration to the enrollment's allocation function.",
      }),
    timeoutSeconds: z
      .number()
      .positive()
      .max(longestTimeoutSeconds)
      .optional()
      .meta({
        default: 60,
        description: `The one deadline of a run, from the Key Vault read to the hub's answer. At most ${longestTimeoutSeconds}. Default: 60; with verifyHub renew 180.`,
      }),
    everyMinutes: z.int().positive().optional().meta({
      description:
        'Run only every so many minutes, counted from midnight UTC where a day is a multiple. Default: each tick of PROBE_SCHEDULE; with verifyHub renew 60.',
    }),
    requestCertificate: z.boolean().default(false).meta({
      description:
        'Ask DPS for an operational certificate with a certificate signing request, made with a fresh key in memory for each run. Each run issues a certificate.',
    }),
    verifyHub: z.enum(['connect', 'telemetry', 'twin', 'renew']).optional().meta({
      description:
        'Afterwards prove the assignment at the hub, with the operational certificate where one is requested. connect: be let in. telemetry: also have one message acknowledged. twin: also read the twin. renew: have the hub renew the operational certificate and connect with the new one; only with requestCertificate. Only with an expected result of assigned.',
    }),
    expect: expectationSchema.prefault({}),
  })
  .check(z.superRefine(checkFieldsTogether, { when: ({ value }) => isRecord(value) }))
  .meta({
    id: 'Probe',
    title: 'Probe',
    description: 'One simulated device that registers with DPS, and what has to come of it.',
  });

export const probeSchema = probeFields.transform((probe) => ({ ...probe, ...dependentDefaults(probe) }));

/** A probe as the app uses it: parsed, defaults filled in. */
export type Probe = z.infer<typeof probeSchema>;
export type Expectation = Probe['expect'];

export function timeoutMs(probe: Pick<Probe, 'timeoutSeconds'>): number {
  return probe.timeoutSeconds * millisecondsPerSecond;
}

/**
 * Rules between fields. They run even when single fields are wrong, so that every error is reported at once: what they read may be of
 * any type, and a field that is wrong in itself says nothing here.
 */
function checkFieldsTogether(probe: unknown, context: z.core.$RefinementCtx): void {
  if (!isRecord(probe) || !isRecord(probe.expect)) return;
  const expected = probe.expect;
  for (const { field, results } of fieldsByResult) {
    if (expected[field] === undefined || isAmong(expected.result, results)) continue;
    report(['expect', field], `expected only with an expected result of ${alternatives(results)}`);
  }
  if (probe.verifyHub !== undefined && !isAmong(expected.result, ['assigned'])) {
    report(['verifyHub'], 'expected only with an expected result of assigned: nothing else leads to a hub');
  }
  const { withinSeconds } = expected;
  const { timeoutSeconds = timeoutSecondsByDefault(probe.verifyHub) } = probe;
  if (typeof withinSeconds === 'number' && typeof timeoutSeconds === 'number' && withinSeconds >= timeoutSeconds) {
    report(['expect', 'withinSeconds'], 'expected less than timeoutSeconds, which ends the run first');
  }
  for (const { path, message } of checkOperationalCertificate(probe, expected)) report(path, message);

  function report(path: string[], message: string): void {
    context.addIssue({ code: 'custom', path, message });
  }
}

/** A result that is no known one has its own error already. */
function isAmong(result: unknown, results: readonly string[]): boolean {
  const known: readonly unknown[] = expectationSchema.shape.result.unwrap().options;
  return !known.includes(result) || results.some((one) => one === result);
}
