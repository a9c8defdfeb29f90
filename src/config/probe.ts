import * as z from 'zod/mini';
import { attestationSchema } from './attestationSchema.ts';
import { alternatives } from './configurationErrors.ts';
import { expectationSchema, fieldsByResult } from './expectationSchema.ts';
import { endpointSchema, microsoftCloud, payloadSchema } from './formats.ts';
import {
  checkOperationalCertificate,
  dependentDefaults,
  isRecord,
  timeoutSecondsByDefault,
} from './operationalCertificate.ts';
import { placeholderError, registrationIdSchema } from './registrationId.ts';

const millisecondsPerSecond = 1000;

/** Azure's load balancer ends an HTTP request after 230 s, and a run on demand must respond before that. */
const maxTimeoutSeconds = 220;

const apiVersionExpected = 'expected a date, as in 2019-03-31, or a date and -preview';

const minutesPerDay = 1440;
const maxTags = 16;

/** A configured probe as written in JSON. */
export const probeFields = z
  .strictObject({
    name: z
      .string()
      .check(
        z.regex(/^[a-z0-9][a-z0-9-]{0,62}$/, {
          error: 'expected 1 to 63 lower-case letters, digits and dashes, starting with a letter or digit',
        }),
      )
      .register(z.globalRegistry, { description: 'The probe in URLs, metrics and history. Each probe has its own.' }),
    idScope: z
      .string()
      .check(
        z.regex(/^[0-9A-Za-z]{1,64}$/, {
          error: 'expected the ID scope of a DPS instance: letters and digits, as in 0ne00A1B2C3',
        }),
      )
      .register(z.globalRegistry, { description: "The DPS instance's ID scope.", examples: ['0ne00A1B2C3'] }),
    registrationId: registrationIdSchema,
    attestation: attestationSchema,
    globalDeviceEndpoint: z
      ._default(endpointSchema, 'global.azure-devices-provisioning.net')
      .register(z.globalRegistry, {
        description: 'host[:port] that the device connects to. The port defaults to 8883, over WebSocket to 443.',
      }),
    transport: z._default(z.enum(['mqtt', 'mqtt-ws']), 'mqtt').register(z.globalRegistry, {
      description: 'mqtt: MQTT over TLS, port 8883. mqtt-ws: MQTT over WebSocket and TLS, port 443.',
    }),
    apiVersion: z
      .optional(
        z.string().check(
          z.regex(/^\d{4}-\d{2}-\d{2}(?:-preview)?$/, { error: apiVersionExpected, abort: true }),
          z.refine((version) => z.iso.date().safeParse(version.slice(0, 'yyyy-mm-dd'.length)).success, {
            error: apiVersionExpected,
          }),
        ),
      )
      .register(z.globalRegistry, {
        description:
          'DPS device API version. Default: 2019-03-31; with requestCertificate 2025-07-01-preview, with expect.connectionProfile 2026-11-02-preview.',
        examples: ['2019-03-31', '2021-06-01', '2021-10-01', '2025-07-01-preview', '2026-11-02-preview'],
      }),
    payload: z.optional(payloadSchema).register(z.globalRegistry, {
      description: "Custom allocation data, sent with the registration to the enrollment's allocation function.",
    }),
    timeoutSeconds: z
      .optional(z.number().check(z.positive(), z.maximum(maxTimeoutSeconds)))
      .register(z.globalRegistry, {
        default: 60,
        description: `The one deadline of a run, from the Key Vault read to the hub's response. At most ${maxTimeoutSeconds}. Default: 60; with verifyHub renew 180.`,
      }),
    everyMinutes: z.optional(z.int().check(z.positive(), z.maximum(minutesPerDay))).register(z.globalRegistry, {
      description:
        'Run only every so many minutes, counted from midnight UTC where a day is a multiple; at most 1440. Default: every scheduled run; with verifyHub renew 60.',
    }),
    requestCertificate: z._default(z.boolean(), false).register(z.globalRegistry, {
      description:
        'Ask DPS for an operational certificate with a certificate signing request, made with a fresh key in memory for each run. Each run issues a certificate.',
    }),
    verifyHub: z.optional(z.enum(['connect', 'telemetry', 'twin', 'renew'])).register(z.globalRegistry, {
      description:
        'Afterwards prove the assignment at the hub, with the operational certificate where one is requested. connect: the hub accepts the connection. telemetry: it also acknowledges a message. twin: it also returns the twin. renew: it renews the operational certificate and accepts the new one; only with requestCertificate. Only with an expected result of assigned.',
    }),
    tags: z
      .optional(
        z
          .array(
            z.string().check(
              z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
                error: 'expected 1 to 63 letters, digits or . _ - with a letter or digit first',
              }),
            ),
          )
          .check(
            z.maxLength(maxTags),
            z.refine((tags) => new Set(tags).size === tags.length, { error: 'expected each tag once' }),
          ),
      )
      .register(z.globalRegistry, {
        description: 'Groups of probes: the status page and the API filter by them.',
        examples: [['weu', 'line-3']],
      }),
    expect: z.prefault(expectationSchema, {}),
  })
  .check(z.superRefine(checkFieldsTogether, { when: ({ value }) => isRecord(value) }))
  .register(z.globalRegistry, {
    id: 'Probe',
    title: 'Probe',
    description: 'One simulated device that registers with DPS, and what must happen.',
  });

export const probeSchema = z.pipe(
  probeFields,
  z.transform((probe) => ({ ...probe, ...dependentDefaults(probe) })),
);

/** A probe as the app uses it: parsed, defaults filled in. */
export type Probe = z.infer<typeof probeSchema>;
export type Expectation = Probe['expect'];

export function timeoutMs(probe: Pick<Probe, 'timeoutSeconds'>): number {
  return probe.timeoutSeconds * millisecondsPerSecond;
}

/**
 * Rules between fields. They run even when single fields are wrong, so that every error is reported at once: the fields may have any type,
 * and the rules ignore fields that are invalid themselves.
 */
function checkFieldsTogether(probe: unknown, context: z.core.$RefinementCtx): void {
  if (!isRecord(probe)) return;
  const { idScope, globalDeviceEndpoint, registrationId, attestation, expect: expected } = probe;
  const misplaced = placeholderError(registrationId, isRecord(attestation) ? attestation.enrollment : undefined);
  if (misplaced !== undefined) report(['registrationId'], misplaced);
  if (isPlaceholder(idScope) && isMicrosoftEndpoint(globalDeviceEndpoint)) {
    report(
      ['idScope'],
      'expected the ID scope of your DPS instance (Azure portal, Overview), got the placeholder of the examples',
    );
  }
  if (!isRecord(expected)) return;
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

/** True for `0ne00000000` and `0neXXXXXXXX`, the placeholders of examples and templates. */
function isPlaceholder(idScope: unknown): boolean {
  return typeof idScope === 'string' && /^0[a-z]{2}(?:0{4,}|x{4,})$/i.test(idScope);
}

function isMicrosoftEndpoint(endpoint: unknown): boolean {
  return typeof endpoint === 'string' && microsoftCloud(endpoint) !== undefined;
}

/** An unknown result has its own error already. */
function isAmong(result: unknown, results: readonly string[]): boolean {
  const known: readonly unknown[] = expectationSchema.shape.result.def.innerType.options;
  return !known.includes(result) || results.some((one) => one === result);
}
