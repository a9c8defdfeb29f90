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

/** Of one run, DPS and hub together: a hundred times what an exchange takes. */
const maxRunBytes = 16 * 1024 * 1024;
/** The most that a TLS record holds: more is waiting behind it. */
const fullRecordBytes = 16 * 1024;

/** dns → tcp → tls (→ webSocket) → mqttConnect: the way into DPS and into the hub alike. */
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
 * Counted under the WebSocket, whose control frames never become packets. A server that sends without end is read a little at a time,
 * so that timers and other connections have their turns in between.
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
