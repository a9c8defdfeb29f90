/**
 * An MQTT client without checks: it sends packets as they are given, and returns received ones one by one. What a library would refuse to
 * send can be sent with it.
 */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import {
  generate,
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type ISubackPacket,
  type Packet,
  parser,
} from 'mqtt-packet';

export interface RawMqttClient {
  readonly socket: Socket;
  send(packet: Packet): void;
  sendBytes(bytes: Buffer): void;
  /** The next packet, or `closed` when the server ended the connection first. */
  next(): Promise<Packet | 'closed'>;
  /** Every packet until the server closes the connection. */
  rest(): Promise<readonly Packet[]>;
  end(): void;
}

export interface TlsTarget {
  readonly port: number;
  /** Default: localhost. */
  readonly host?: string;
  /** The name that the certificate must have. Default: the host. */
  readonly servername?: string;
  /** Default: what this process trusts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Of an earlier connection, to resume. */
  readonly session?: Buffer;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

export interface RawTlsClient extends RawMqttClient {
  readonly resumed: boolean;
  /** For another connection to resume; never settles if the server does not support it. */
  readonly session: Promise<Buffer>;
}

/** Over TLS. Rejects when the handshake fails. */
export async function rawMqttOverTls(target: TlsTarget): Promise<RawTlsClient> {
  const socket: TLSSocket = connectTls({ host: 'localhost', servername: target.host ?? 'localhost', ...target });
  const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
  await once(socket, 'secureConnect');
  return { ...rawMqtt(socket), resumed: socket.isSessionReused(), session };
}

/** Without TLS, which the stand-ins do not support. */
export async function rawMqttOverTcp(port: number, host = 'localhost'): Promise<RawMqttClient> {
  const socket = connectTcp({ port, host });
  await once(socket, 'connect');
  return rawMqtt(socket);
}

/** A well-formed CONNECT of this device; `over` makes it ill-formed. */
export function connectPacket(
  registrationId: string,
  password: string | undefined,
  over: Partial<IConnectPacket> = {},
): IConnectPacket {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 0,
    clientId: registrationId,
    username: `0neLOCAL/registrations/${registrationId}/api-version=2019-03-31`,
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
    ...over,
  };
}

export function isConnack(packet: Packet | 'closed'): packet is IConnackPacket {
  return packet !== 'closed' && packet.cmd === 'connack';
}

export function isSuback(packet: Packet | 'closed'): packet is ISubackPacket {
  return packet !== 'closed' && packet.cmd === 'suback';
}

export function isPublish(packet: Packet | 'closed'): packet is IPublishPacket {
  return packet !== 'closed' && packet.cmd === 'publish';
}

function rawMqtt(socket: Socket): RawMqttClient {
  const packets = parser({ protocolVersion: 4 });
  const arrived: Packet[] = [];
  const waiting: ((packet: Packet | 'closed') => void)[] = [];
  let closed = false;
  packets.on('packet', (packet) => {
    const taker = waiting.shift();
    if (taker === undefined) arrived.push(packet);
    else taker(packet);
  });
  packets.on('error', () => socket.destroy());
  socket.on('data', (bytes) => packets.parse(bytes));
  socket.on('error', () => {}); // a reset is detected by the close event
  socket.on('close', () => {
    closed = true;
    for (const taker of waiting.splice(0)) taker('closed');
  });

  const next = async (): Promise<Packet | 'closed'> => {
    const packet = arrived.shift();
    if (packet !== undefined) return packet;
    if (closed) return 'closed';
    return new Promise((resolve) => waiting.push(resolve));
  };
  return {
    socket,
    send: (packet) => void socket.write(generate(packet)),
    sendBytes: (bytes) => void socket.write(bytes),
    next,
    rest: async () => {
      const all: Packet[] = [];
      for (let packet = await next(); packet !== 'closed'; packet = await next()) all.push(packet);
      return all;
    },
    end: () => void socket.destroy(),
  };
}
