import * as z from 'zod';
import { expectationSchema } from '../../src/config/expectationSchema.ts';
import { verdicts } from '../../src/outcomes/outcome.ts';
import { measures } from '../../src/outcomes/phaseHistograms.ts';
import { simulationRequestSchema } from '../../src/simulations/simulationRequest.ts';
import { phases } from '../../src/transport/phase.ts';

/** What the routes return, as components of the OpenAPI document. A test compares each with what the running app returns. */
export const components = z.registry<{ id: string }>();

function component<Schema extends z.core.$ZodType>(id: string, schema: Schema): Schema {
  components.add(schema, { id });
  return schema;
}

const time = z.iso.datetime();
const count = z.int().nonnegative();
const verdict = component('Verdict', z.enum(verdicts).meta({ description: 'unknown: the probe could not run.' }));
const phase = z.enum(phases);
const cursor = z.string().optional().meta({ description: 'Returns the next page; absent on the last one.' });

export const problemSchema = component(
  'Problem',
  z
    .strictObject({
      type: z.literal('about:blank'),
      status: z.int(),
      title: z.string(),
      detail: z.string().optional(),
      errors: z
        .array(
          z.union([
            z.strictObject({
              pointer: z
                .string()
                .regex(/^#/)
                .meta({ description: 'Field of the body: a JSON Pointer as a URI fragment.' }),
              detail: z.string(),
            }),
            z.strictObject({ parameter: z.string().meta({ description: 'Query parameter.' }), detail: z.string() }),
            z.strictObject({ header: z.string().meta({ description: 'Request header.' }), detail: z.string() }),
            z.strictObject({ setting: z.string().meta({ description: 'Application setting.' }), detail: z.string() }),
          ]),
        )
        .optional(),
    })
    .meta({ description: 'RFC 9457 problem details.' }),
);

const certificate = { subject: z.string(), issuer: z.string(), notAfter: time, fingerprint256: z.string() };

const issuedCertificate = component(
  'IssuedCertificate',
  z
    .strictObject({
      ...certificate,
      serialNumber: z.string(),
      notBefore: time,
      publicKey: z.string().meta({ description: 'SubjectPublicKeyInfo as base64 of its DER.' }),
      chain: z.array(z.strictObject(certificate)).meta({ description: 'As sent: leaf first, root last.' }),
    })
    .meta({ description: 'An operational certificate, without its private key.' }),
);

export const outcomeSchema = component(
  'Outcome',
  z.strictObject({
    runId: z.string(),
    probe: z.string(),
    registrationId: z.string(),
    trigger: z.enum(['timer', 'http', 'simulation']),
    location: z.string(),
    startedAt: time,
    durationMs: z.number().nonnegative(),
    verdict,
    reasons: z
      .array(z.string())
      .meta({ description: 'What happened, where, and what to do next. Empty when healthy.' }),
    phases: z.strictObject(Object.fromEntries(phases.map((name) => [name, z.number().optional()]))).meta({
      description: 'Milliseconds in each phase of the run.',
    }),
    polls: count,
    waitedMs: z
      .number()
      .optional()
      .meta({ description: 'In the assign phase: the waiting time that the service requested.' }),
    result: z
      .looseObject({
        kind: z.string(),
        phase: phase
          .optional()
          .meta({ description: 'The phase in which the run stopped. Absent if it did not start a phase.' }),
        connectionProfile: z.string().optional().meta({ description: 'As sent by DPS.' }),
        issuedCertificate: issuedCertificate.optional(),
        renewal: z
          .strictObject({
            durationMs: z.number().nonnegative(),
            correlationId: z.string().optional(),
            certificate: issuedCertificate,
          })
          .optional()
          .meta({ description: 'The operational certificate with which the hub replaced it.' }),
      })
      .meta({ description: 'What the service did; further fields depend on the kind.' }),
    server: z.looseObject({ address: z.string().optional() }).optional(),
    credential: z.strictObject({ secretExpiresOn: time.optional(), certificateNotAfter: time.optional() }).optional(),
    events: z.array(z.strictObject({ kind: z.string(), from: z.string(), to: z.string() })).optional(),
    notes: z.array(z.string()).optional().meta({ description: 'Anything unusual about a run that succeeded.' }),
    transcript: z.array(z.looseObject({ atMs: z.number(), direction: z.string(), what: z.string() })).optional(),
  }),
);

export const outcomesSchema = component('Outcomes', z.strictObject({ outcomes: z.array(outcomeSchema), cursor }));

export const probesSchema = component(
  'Probes',
  z.strictObject({
    probes: z.array(
      z
        .looseObject({
          name: z.string(),
          idScope: z.string(),
          registrationId: z.string(),
          attestation: z.looseObject({ type: z.enum(['symmetricKey', 'x509']) }),
          expect: z.looseObject({ result: expectationSchema.shape.result.def.innerType }),
          lastOutcome: outcomeSchema.nullable(),
        })
        .meta({ description: 'The probe as configured, with the names of its secrets.' }),
    ),
    storageFault: z.string().optional().meta({ description: 'Why the last outcomes could not be read.' }),
  }),
);

const probeReportSchema = component(
  'ProbeReport',
  z.looseObject({
    name: z.string(),
    location: z.string(),
    tags: z.array(z.string()),
    registrationId: z.string(),
    expected: z.string(),
    last: outcomeSchema.optional(),
    bars: z.array(z.looseObject({ startedAt: time, verdict: z.string() })),
    windows: z.looseObject({}),
    failures: z.array(outcomeSchema),
    drifts: z.array(outcomeSchema),
  }),
);

const postedChange = { probe: z.string(), location: z.string(), verdict, at: time };

const webhookSchema = component(
  'Webhook',
  z
    .strictObject({
      state: z.enum(['notConfigured', 'off', 'unknown', 'idle', 'delivered', 'failing']).meta({
        description:
          'off: there is no storage for the delivered changes. unknown: it could not be read. idle: nothing had to be posted so far.',
      }),
      setting: z.literal('WEBHOOK_URL_SECRET'),
      secret: z.string().optional().meta({ description: 'Name of the secret that holds the address.' }),
      lastDelivery: z.strictObject(postedChange).optional(),
      undelivered: count.optional().meta({ description: 'Changes that were not delivered.' }),
      lastFailure: z.strictObject({ ...postedChange, error: z.string() }).optional(),
    })
    .meta({ description: 'Whether changes of state reach the webhook.' }),
);

const statusSchema = component(
  'Status',
  z.looseObject({
    generatedAt: time,
    location: z.string(),
    probes: z.array(probeReportSchema),
    timers: z.array(
      z.strictObject({
        timer: z.enum(['probes', 'maintenance']),
        location: z.string(),
        state: z.enum(['onTime', 'silent', 'unfinished']),
        lastStartedAt: time.optional(),
        dueAt: time.optional(),
        sinkErrors: z.array(z.string()).optional(),
      }),
    ),
    webhook: webhookSchema,
    correlations: z.array(z.looseObject({ probes: z.array(z.string()), text: z.string() })),
    unreadableRows: z.array(z.string()).optional().meta({
      description:
        'Rows of the history that another program or another version of this app wrote, and that are left out.',
    }),
    storageFault: z.string().optional(),
  }),
);

/** Depends on the query: the report, one probe of it, or one run. */
export const statusResponseSchema = component(
  'StatusResponse',
  z.union([statusSchema, probeReportSchema, outcomeSchema]),
);

export const healthSchema = component(
  'Health',
  z.strictObject({
    status: z.enum(['healthy', 'unhealthy']),
    version: z.string(),
    checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  }),
);

const simulationState = component(
  'SimulationState',
  z.enum(['queued', 'running', 'cancelling', 'stopping', 'finished', 'cancelled', 'stopped']),
);
const verdictCounts = component(
  'VerdictCounts',
  z.strictObject(Object.fromEntries(verdicts.map((one) => [one, count]))),
);
const percentiles = z.strictObject(
  Object.fromEntries(['count', 'p50', 'p90', 'p95', 'p99', 'max'].map((name) => [name, z.number()])),
);

const simulationFields = {
  id: z.string().regex(/^[0-9a-f]{24}$/),
  state: simulationState,
  reason: z.string().optional(),
  location: z.string().meta({ description: 'The location that started and runs it.' }),
  probe: z.string(),
  devices: count,
  done: count.meta({ description: 'Devices with an outcome.' }),
  left: count.meta({ description: 'Devices without an outcome.' }),
  verdicts: verdictCounts,
  cancelled: count.meta({ description: 'Devices that were not started because the simulation was halted.' }),
  createdAt: time,
  endedAt: time.optional(),
};

const requestFields = simulationRequestSchema.shape;
export const simulationRequest = component('SimulationRequest', simulationRequestSchema);

export const simulationSchema = component(
  'Simulation',
  z.strictObject({
    ...simulationFields,
    idScope: z.string(),
    expiresAt: time,
    estimatedSecondsLeft: count.optional(),
    request: z.looseObject({ probe: requestFields.probe, devices: requestFields.devices }),
    pace: z.strictObject({
      askedPerSecond: z.number(),
      ratePerSecond: z.number(),
      lowestRatePerSecond: z.number(),
      throttled: count.meta({ description: '429 responses.' }),
    }),
    reasons: z.array(
      z.strictObject({
        verdict,
        reason: z.string(),
        count,
        examples: z.array(z.strictObject({ registrationId: z.string(), runId: z.string(), text: z.string() })),
      }),
    ),
    hubs: z.record(z.string(), count),
    percentiles: z.strictObject(Object.fromEntries(measures.map((measure) => [measure, percentiles.optional()]))).meta({
      description: 'Milliseconds by phase, for the devices that ran.',
    }),
    tlsSessionsReused: count,
    workerDelayMs: z.number().optional(),
    devicesPerSecond: z.number().optional(),
    timeline: z.array(z.array(z.number())).meta({
      description: 'Devices by the second in which they finished: [second, healthy, degraded, failing, unknown].',
    }),
    timelineStepSeconds: z.number(),
  }),
);

export const simulationsSchema = component(
  'Simulations',
  z.strictObject({ simulations: z.array(z.strictObject(simulationFields)), cursor }),
);
