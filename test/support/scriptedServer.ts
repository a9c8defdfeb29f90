/**
 * A server that follows a script: each packet of a device takes the next step. It implements the document only for the correct responses.
 */
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { generate, type IConnectPacket, type IPublishPacket, type Packet, parser } from 'mqtt-packet';
import { WebSocketServer } from 'ws';
import type { IssuedCertificate } from '../../src/emulator/certificates.ts';

/** What is sent back for one packet. */
export type Step =
  | { readonly do: 'right' | 'twice' | 'foreignRid' | 'echoPassword' | 'silence' }
  | { readonly do: 'close' | 'reset' }
  | { readonly do: 'packet'; readonly packet: Packet }
  | { readonly do: 'bytes'; readonly bytes: Uint8Array }
  /** Without the framing of a WebSocket. */
  | { readonly do: 'rawBytes'; readonly bytes: Uint8Array }
  | { readonly do: 'answer'; readonly topic: string; readonly body: string; readonly qos: 0 | 1 | 2 };

/** The final response to the registration: `over` replaces fields of its registrationState. */
export function assignment(over: object): Extract<Step, { readonly do: 'answer' }> {
  const registrationState = { ...assignedState, ...over };
  const body = JSON.stringify({ operationId, status: 'assigned', registrationState });
  return { do: 'answer', topic: '$dps/registrations/res/200/?$rid=1', body, qos: 1 };
}

const operationId = '4.operation';
const assignedState = { assignedHub: 'hub-a.azure-devices.net', deviceId: 'device' };

export interface ScriptedServer {
  readonly mqttsPort: number;
  readonly wssPort: number;
  /** The script of the device with this ClientID; without one, all responses are correct. */
  play(clientId: string, script: readonly Step[]): void;
  /** The last CONNECT under this ClientID. */
  connectOf(clientId: string): IConnectPacket | undefined;
  /** Its sockets: connections that it has accepted and not yet closed. */
  openSockets(): number;
  /** Removes what is stored about these ClientIDs, so that a million of them need no memory. */
  forget(...clientIds: readonly string[]): void;
  close(): Promise<void>;
}

interface Wire {
  readonly stream: Duplex;
  write(bytes: Uint8Array): void;
}

interface Device {
  readonly wire: Wire;
  readonly assigned: typeof assignedState;
  readonly script: Step[];
  readonly password: string;
}

export interface ScriptedServerOptions {
  /** Assigns devices to this server itself, as `{registrationId}-at-hub`: it then is their hub as well. */
  readonly isHub?: boolean;
}

export async function startScriptedServer(
  certificate: IssuedCertificate,
  { isHub = false }: ScriptedServerOptions = {},
): Promise<ScriptedServer> {
  const scripts = new Map<string, readonly Step[]>();
  const connects = new Map<string, IConnectPacket>();
  const streams = new Set<Duplex>();
  const sockets = new Set<Socket>();

  const serve = (wire: Wire, onBytes: (listener: (bytes: Buffer) => void) => void) => {
    streams.add(wire.stream);
    wire.stream.on('error', () => {}).on('close', () => streams.delete(wire.stream));
    const packets = parser({ protocolVersion: 4 });
    let device: Device | undefined;
    packets.on('error', () => wire.stream.destroy());
    packets.on('packet', (packet) => {
      if (packet.cmd === 'connect') {
        connects.set(packet.clientId, packet);
        const password = String(packet.password ?? '');
        const ownName = `localhost:${(wire.stream as TLSSocket).localPort}`;
        const assigned = isHub ? { assignedHub: ownName, deviceId: `${packet.clientId}-at-hub` } : assignedState;
        device = { wire, script: [...(scripts.get(packet.clientId) ?? [])], password, assigned };
      }
      // An acknowledgement needs no response.
      if (device !== undefined && packet.cmd !== 'puback') perform(device, packet);
    });
    onBytes((bytes) => packets.parse(bytes));
  };

  const mqtts = createTlsServer(certificate, (stream) =>
    serve({ stream, write: (bytes) => void stream.write(bytes) }, (listener) => void stream.on('data', listener)),
  );
  const wss = createHttpsServer(certificate);
  const webSockets = new WebSocketServer({ noServer: true });
  wss.on('upgrade', (request, stream, head) =>
    webSockets.handleUpgrade(request, stream, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      serve({ stream, write: (bytes) => webSocket.send(bytes) }, (listener) => void webSocket.on('message', listener));
    }),
  );
  for (const server of [mqtts, wss]) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
  }
  return {
    mqttsPort: await listen(mqtts),
    wssPort: await listen(wss),
    play: (clientId, script) => void scripts.set(clientId, script),
    connectOf: (clientId) => connects.get(clientId),
    openSockets: () => sockets.size,
    forget(...clientIds) {
      for (const clientId of clientIds) {
        scripts.delete(clientId);
        connects.delete(clientId);
      }
    },
    async close() {
      const closed = [mqtts, wss].map((server) => once(server, 'close'));
      for (const server of [mqtts, wss]) server.close();
      for (const stream of streams) stream.destroy();
      await Promise.all(closed);
    },
  };
}

function perform({ wire, script, ...device }: Device, packet: Packet): void {
  if (wire.stream.destroyed) return;
  const step = script.shift() ?? { do: 'right' };
  switch (step.do) {
    case 'bytes':
      wire.write(step.bytes);
      break;
    case 'rawBytes':
      wire.stream.write(step.bytes);
      break;
    case 'close':
      wire.stream.end();
      break;
    case 'reset':
      wire.stream.destroy();
      break;
    default:
      for (const sent of packetsOf(step, packet, device)) wire.write(generate(sent));
  }
}

type Saying = Exclude<Step, { readonly do: 'bytes' | 'rawBytes' | 'close' | 'reset' }>;

function packetsOf(step: Saying, packet: Packet, { password, assigned }: Omit<Device, 'wire' | 'script'>): Packet[] {
  switch (step.do) {
    case 'right':
      return rightAnswers(packet, assigned);
    case 'twice':
      return [...rightAnswers(packet, assigned), ...rightAnswers(packet, assigned)];
    case 'foreignRid':
      return rightAnswers(packet, assigned, 'foreign');
    case 'echoPassword':
      return [message('$dps/registrations/res/401/?$rid=1', password), message(password, password)];
    case 'packet':
      return [step.packet];
    case 'answer':
      return [message(step.topic, step.body, step.qos)];
    case 'silence':
      return [];
  }
}

function rightAnswers(packet: Packet, assigned: typeof assignedState, ridPrefix = ''): Packet[] {
  switch (packet.cmd) {
    case 'connect':
      return [{ cmd: 'connack', returnCode: 0, sessionPresent: false }];
    case 'subscribe':
      return [{ cmd: 'suback', messageId: packet.messageId ?? 1, granted: [1] }];
    case 'publish':
      return [{ cmd: 'puback', messageId: packet.messageId ?? 1 }, ...responsesTo(packet, assigned, ridPrefix)];
    default:
      return [];
  }
}

function responsesTo({ topic }: IPublishPacket, assigned: typeof assignedState, ridPrefix: string): Packet[] {
  if (topic.startsWith('devices/')) return []; // telemetry
  const rid = `${ridPrefix}${/\$rid=(\w+)/.exec(topic)?.[1]}`;
  if (topic.startsWith('$iothub/')) return [message(`$iothub/twin/res/200/?$rid=${rid}`, '{}')];
  if (topic.includes('/PUT/')) {
    const accepted = JSON.stringify({ operationId, status: 'assigning' });
    return [message(`$dps/registrations/res/202/?$rid=${rid}&retry-after=0`, accepted)];
  }
  const body = JSON.stringify({ operationId, status: 'assigned', registrationState: assigned });
  return [message(`$dps/registrations/res/200/?$rid=${rid}`, body)];
}

function message(topic: string, payload: string, qos: 0 | 1 | 2 = 1): Packet {
  return { cmd: 'publish', topic, payload, qos, messageId: 9, dup: false, retain: false };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
