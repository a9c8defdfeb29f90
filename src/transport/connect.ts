import type { Duplex } from 'node:stream';
import type { SecureContext, TLSSocket } from 'node:tls';
import { dial } from './dial.ts';
import type { Endpoint, Transport } from './endpoint.ts';
import { type Login, type MqttSession, openMqttSession } from './mqttSession.ts';
import { MalformedPacketError } from './packetStream.ts';
import type { Recorder } from './recorder.ts';
import type { Run } from './run.ts';
import type { ServerIdentity } from './serverIdentity.ts';
import type { TransportFailure } from './transportFailure.ts';
import { type Upgraded, upgrade } from './webSocket.ts';

export interface Destination {
  readonly endpoint: Endpoint;
  readonly transport: Transport;
  readonly secureContext: SecureContext;
}

export type Connected =
  | { readonly kind: 'connected'; readonly session: MqttSession; readonly server: () => ServerIdentity }
  | { readonly kind: 'notConnected'; readonly failure: TransportFailure; readonly server?: ServerIdentity };

/** For one run, DPS and hub together: a hundred times what an exchange needs. */
const maxRunBytes = 16 * 1024 * 1024;
/** The largest TLS record. After a full one, more data is waiting. */
const fullRecordBytes = 16 * 1024;

/** dns → tcp → tls (→ webSocket) → mqttConnect, to DPS or to a hub. */
export async function connect(to: Destination, login: Login, run: Run): Promise<Connected> {
  const { endpoint, transport, secureContext } = to;
  const dialled = await dial(endpoint, secureContext, run);
  if (dialled.kind === 'notDialled') return { ...dialled, kind: 'notConnected' };
  const { socket, server } = dialled;

  const upgraded: Upgraded =
    transport === 'mqtt-ws' ? await upgrade(socket, endpoint, run) : { kind: 'upgraded', stream: socket };
  if (upgraded.kind === 'notUpgraded') return { kind: 'notConnected', failure: upgraded.failure, server: server() };

  limitBytes(socket, upgraded.stream, run.recorder);
  const opened = await openMqttSession(upgraded.stream, login, run);
  if (opened.kind === 'notOpened') return { kind: 'notConnected', failure: opened.failure, server: server() };
  return { kind: 'connected', session: opened.session, server };
}

/**
 * Limits the bytes of a run. Counts them below the WebSocket, because control frames never become packets. Pauses after each full record,
 * so that a server that floods does not block timers and other connections.
 */
function limitBytes(socket: TLSSocket, stream: Duplex, recorder: Recorder): void {
  socket.on('data', (bytes: Buffer) => {
    if (recorder.countBytes(bytes.length) > maxRunBytes) {
      stream.destroy(new MalformedPacketError(`more than ${maxRunBytes} bytes in one run`));
    } else if (bytes.length >= fullRecordBytes) {
      socket.pause();
      setImmediate(() => socket.resume());
    }
  });
}
