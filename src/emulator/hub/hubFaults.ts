/** Faults of the IoT Hub stand-in, by device ID. */
import { z } from 'zod';
import { chainFaultSchema } from '../credentials/issueChain.ts';

const hubPhase = z.enum(['connect', 'telemetry', 'twin', 'renewal']);

export const hubFaultSchema = z.preprocess(
  (value) => (typeof value === 'string' ? { kind: value } : value),
  z.discriminatedUnion(
    'kind',
    [
      z.strictObject({ kind: z.literal('refuseConnect'), returnCode: z.int().min(1).max(5).default(5) }),
      z.strictObject({ kind: z.literal('silent'), at: hubPhase.default('connect') }),
      z.strictObject({ kind: z.literal('close'), at: hubPhase.default('connect') }),
      z.strictObject({ kind: z.literal('noPuback') }),
      z.strictObject({ kind: z.literal('subscriptionRefused') }),
      z.strictObject({ kind: z.literal('twinStatus'), status: z.int().min(300).max(599).default(404) }),
      z.strictObject({ kind: z.literal('unknownAuthority') }),
      z.strictObject({
        kind: z.literal('renewalRefused'),
        status: z.int().min(400).max(599).default(400),
        errorCode: z.int().optional(),
        message: z.string().default('A fault of the stand-in.'),
        info: z.record(z.string(), z.json()).nullable().default(null),
        after202: z.boolean().default(false),
      }),
      z.strictObject({
        kind: z.literal('renewalThrottled'),
        errorCode: z.int().default(429002),
        retryAfterSeconds: z.number().min(0).default(30),
      }),
      z.strictObject({ kind: z.literal('renewalNeverFinished'), expiresInSeconds: z.number().min(0).default(600) }),
      z.strictObject({ kind: z.literal('renewalForeignRid'), thenRight: z.boolean().default(false) }),
      z.strictObject({ kind: z.literal('renewedCertificate'), chain: chainFaultSchema.default('anotherKey') }),
    ],
    { error: 'expected a hub fault of the table in docs/emulator.md' },
  ),
);

/**
 * - `refuseConnect`: CONNACK with this return code;
 * - `silent`, `close`: at this packet, nothing more is sent, or the connection is closed;
 * - `noPuback`: telemetry is accepted but not acknowledged;
 * - `subscriptionRefused`: every SUBSCRIBE gets 0x80;
 * - `twinStatus`: reading the twin gets this status;
 * - `unknownAuthority`: the hub does not trust the CA of operational certificates (the credential sync is missing);
 * - `renewalRefused`, `renewalThrottled`, `renewalNeverFinished`, `renewalForeignRid`: other results of a renewal;
 * - `renewedCertificate`: the renewal returns a wrong chain.
 */
export type HubFault = z.output<typeof hubFaultSchema>;
export type HubPhase = z.output<typeof hubPhase>;
