import { z } from 'zod';

/** What a listener does wrong before it can know which device is calling. */
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
 * - `silentAfterAccept`: TCP is accepted and then nothing comes, not even a ServerHello;
 * - `closeAfterAccept`, `resetAfterAccept`: TCP is accepted and ended at once;
 * - `plaintextAfterAccept`: something that is not TLS responds;
 * - `expiredCertificate`, `wrongNameCertificate`, `selfSignedCertificate`: what the server presents;
 * - `oldTlsOnly`: TLS 1.1 is the newest that the listener speaks;
 * - `upgradeStatus`: the WebSocket upgrade gets this status instead of 101;
 * - `noSubprotocol`, `wrongSubprotocol`: 101, but `mqtt` is not what was agreed on.
 */
export type ListenerFault = z.output<typeof listenerFaultSchema>;
