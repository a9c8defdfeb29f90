/** How the IoT Hub stand-in can be wrong on purpose, per device id. */
import { z } from 'zod';

const hubPhase = z.enum(['connect', 'telemetry', 'twin']);

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
    ],
    { error: 'no such hub fault: see the table of hub faults in the README' },
  ),
);

/**
 * - `refuseConnect`: CONNACK with this return code;
 * - `silent`, `close`: at this packet, nothing more is sent, or the connection ends;
 * - `noPuback`: telemetry is taken and never acknowledged;
 * - `subscriptionRefused`: every SUBSCRIBE is answered 0x80;
 * - `twinStatus`: the twin is not handed out.
 */
export type HubFault = z.output<typeof hubFaultSchema>;
export type HubPhase = z.output<typeof hubPhase>;
