import type { Transport } from '../mqtt/wire.ts';
import type { DpsSession } from './device.ts';

interface PacketOrigin {
  readonly atMs: number;
  readonly connection: number;
  readonly transport: Transport;
  readonly clientId: string;
}

/** The fields that every record has: when, on which connection, from whom. */
export function packetOf(session: DpsSession, clientId = session.state?.registrationId ?? ''): PacketOrigin {
  return { atMs: Date.now(), connection: session.number, transport: session.wire.transport, clientId };
}
