/**
 * The faults of the DPS stand-in. A fault is chosen by registrationId, never at random. `at` is the packet at which it happens: `connect`,
 * `subscribe`, `register` (the PUT) or `poll` (the status query).
 */
import { z } from 'zod';
import { chainFaultSchema } from '../../credentials/issueChain.ts';

const anyPhase = z.enum(['connect', 'subscribe', 'register', 'poll']);
const requestPhase = z.enum(['register', 'poll']);
const at = anyPhase.default('register');
const atRequest = requestPhase.default('register');

const closing = z.strictObject({ at, when: z.enum(['before', 'after']).default('before') });
const times = z.int().min(1).optional();
const status = z.int().min(300).max(599);
/** The status that the custom allocation webhook returned. */
const webhookStatus = z.int().min(100).max(599).default(400);

const connectionFaults = [
  z.strictObject({ kind: z.literal('connack'), returnCode: z.int().min(1).max(5).default(5) }),
  z.strictObject({ kind: z.literal('subscriptionRefused') }),
  z.strictObject({ kind: z.literal('silent'), at }),
  closing.extend({ kind: z.literal('close') }),
  closing.extend({ kind: z.literal('reset') }),
  z.strictObject({ kind: z.literal('garbage'), at }),
  z.strictObject({ kind: z.literal('slow'), delayMs: z.int().min(0).default(1000), at: anyPhase.optional() }),
  z.strictObject({ kind: z.literal('noPuback') }),
  z.strictObject({ kind: z.literal('fragmented') }),
] as const;

const responseFaults = [
  z.strictObject({
    kind: z.literal('status'),
    status,
    at: atRequest,
    times,
    errorCode: z.int().nullable().optional(),
    message: z.string().nullable().optional(),
    trackingId: z.string().nullable().optional(),
    operationId: z.boolean().default(false),
    retryAfter: z.union([z.string(), z.number()]).optional(),
    body: z.enum(['json', 'text', 'empty']).default('json'),
    /** The status in the topic, if it differs: for example an error body with 200. */
    topicStatus: z.int().min(200).max(599).optional(),
  }),
  z.strictObject({
    kind: z.literal('throttled'),
    at: atRequest,
    times,
    retryAfter: z.union([z.string(), z.number()]).nullable().optional(),
  }),
  z.strictObject({ kind: z.literal('neverAssigned') }),
  z.strictObject({
    kind: z.literal('failed'),
    at: requestPhase.default('poll'),
    times,
    webhookStatus,
    errorCode: z.int().nullable().default(400207),
    /** Default: the message about the webhook. */
    message: z.string().nullable().optional(),
  }),
  z.strictObject({ kind: z.literal('disabled'), at: atRequest }),
  z.strictObject({ kind: z.literal('assignedAtRegister') }),
  z.strictObject({
    kind: z.literal('unknownStatus'),
    at: requestPhase.default('poll'),
    status: z.string().default('onHold'),
  }),
  z.strictObject({
    kind: z.literal('assignment'),
    assignedHub: z.string().optional(),
    deviceId: z.string().optional(),
    substatus: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal('issuedCertificate'), chain: chainFaultSchema.default('missing') }),
  z.strictObject({
    kind: z.literal('missingField'),
    field: z
      .enum(['operationId', 'status', 'registrationState', 'assignedHub', 'deviceId', 'substatus'])
      .default('assignedHub'),
    at: requestPhase.default('poll'),
  }),
  z.strictObject({
    kind: z.literal('badBody'),
    at: atRequest,
    body: z.enum(['notJson', 'empty', 'wrongTypes', 'array', 'null', 'tooLarge', 'truncated']).default('notJson'),
  }),
] as const;

const deliveryFaults = [
  z.strictObject({
    kind: z.literal('retryAfter'),
    value: z.union([z.string(), z.number()]).nullable(),
    at: requestPhase.optional(),
  }),
  z.strictObject({ kind: z.literal('parameterOrder') }),
  z.strictObject({ kind: z.literal('qos0') }),
  z.strictObject({ kind: z.literal('registrationStatus') }),
  z.strictObject({
    kind: z.literal('operationId'),
    form: z.enum(['0', '2', '4', '5', 'registrationId']).default('registrationId'),
  }),
  z.strictObject({ kind: z.literal('foreignRid'), at: atRequest, thenRight: z.boolean().default(false) }),
  z.strictObject({ kind: z.literal('duplicate'), at: requestPhase.optional() }),
  z.strictObject({ kind: z.literal('lateAnswer') }),
  z.strictObject({
    kind: z.literal('wrongTopic'),
    at: atRequest,
    topic: z.string().default('$dps/registrations/res/ok'),
  }),
] as const;

const oneFault = z.preprocess(
  (value) => (typeof value === 'string' ? { kind: value } : value),
  z.discriminatedUnion('kind', [...connectionFaults, ...responseFaults, ...deliveryFaults], {
    error: 'expected a fault of the table in docs/emulator.md',
  }),
);

/** A fault's name, an object with its parameters, or a list of either. */
export const faultsSchema = z.preprocess(
  (value) => (value === undefined || Array.isArray(value) ? value : [value]),
  z.array(oneFault).default([]),
);

export type Fault = z.output<typeof oneFault>;
export type FaultKind = Fault['kind'];
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { readonly kind: Kind }>;
export type FaultPhase = z.output<typeof anyPhase>;

/** The fault of this kind for this packet. A fault without a phase applies to all packets. */
export function faultAt<Kind extends FaultKind>(
  faults: readonly Fault[],
  kind: Kind,
  phase: FaultPhase,
): FaultOf<Kind> | undefined {
  return faults.find(
    (fault): fault is FaultOf<Kind> =>
      fault.kind === kind && (!('at' in fault) || fault.at === undefined || fault.at === phase),
  );
}
