import { z } from 'zod';

/** Faults of a listener, before it knows which device connects. */
export const listenerFaultSchema = z.preprocess(
  (value) => (typeof value === 'string' ? { kind: value } : value),
  z.discriminatedUnion(
    'kind',
    [
      z.strictObject({ kind: z.literal('silentAfterAccept') }),
      z.strictObject({ kind: z.literal('closeAfterAccept') }),
      z.strictObject({ kind: z.literal('resetAfterAccept') }),
      z.strictObject({ kind: z.literal('plaintextAfterAccept') }),
      z.strictObject({ kind: z.literal('expiredCertificate') }),
      z.strictObject({ kind: z.literal('wrongNameCertificate') }),
      z.strictObject({ kind: z.literal('selfSignedCertificate') }),
      z.strictObject({ kind: z.literal('oldTlsOnly') }),
      z.strictObject({ kind: z.literal('upgradeStatus'), status: z.int().min(200).max(599).default(403) }),
      z.strictObject({ kind: z.literal('noSubprotocol') }),
      z.strictObject({ kind: z.literal('wrongSubprotocol') }),
    ],
    { error: 'expected a listener fault of the table in docs/emulator.md' },
  ),
);

/**
 * - `silentAfterAccept`: accepts TCP and then sends nothing, not even a ServerHello;
 * - `closeAfterAccept`, `resetAfterAccept`: accepts TCP and closes or resets at once;
 * - `plaintextAfterAccept`: responds with something other than TLS;
 * - `expiredCertificate`, `wrongNameCertificate`, `selfSignedCertificate`: the certificate that the server presents;
 * - `oldTlsOnly`: supports TLS 1.1 at most;
 * - `upgradeStatus`: responds to the WebSocket upgrade with this status instead of 101;
 * - `noSubprotocol`, `wrongSubprotocol`: responds 101, but without the subprotocol `mqtt`.
 */
export type ListenerFault = z.output<typeof listenerFaultSchema>;
