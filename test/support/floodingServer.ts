/** A server that accepts a device and then sends without end: as fast as the connection allows, regardless of the device. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { generate } from 'mqtt-packet';
import type { IssuedCertificate } from '../../src/emulator/certificates.ts';

/** The data before the flood, and the piece that it repeats. */
export interface Flood {
  /** Over WebSocket all of it is in frames already; with `refusesUpgrade` it takes the place of the response to the upgrade. */
  readonly webSocket?: boolean;
  readonly refusesUpgrade?: boolean;
  readonly first?: Buffer;
  readonly piece: Buffer;
  /** Default: as fast as possible. */
  readonly everyMs?: number;
}

export const connack = generate({ cmd: 'connack', returnCode: 0, sessionPresent: false });
const suback = generate({ cmd: 'suback', messageId: 1, granted: [1] });
export const accepted = Buffer.concat([connack, suback]);

/** An unmasked, final frame (RFC 6455 section 5.2). */
export function frame(opcode: number, payload: Buffer, final = true): Buffer {
  const head = Buffer.alloc(10);
  head[0] = (final ? 0x80 : 0) | opcode;
  if (payload.length < 126) {
    head[1] = payload.length;
    return Buffer.concat([head.subarray(0, 2), payload]);
  }
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

export async function startFloodingServer(certificate: IssuedCertificate, flood: Flood) {
  const sockets = new Set<TLSSocket>();
  const server = createServer(certificate, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.once('data', (bytes: Buffer) => {
      if (flood.webSocket && !flood.refusesUpgrade) socket.write(upgradeResponse(bytes.toString('latin1')));
      if (flood.first) socket.write(flood.first);
      if (flood.everyMs === undefined) sendWithoutEnd(socket, flood.piece);
      else sendEvery(socket, flood.piece, flood.everyMs);
    });
    socket.on('data', () => {}); // the device's packets are ignored
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function sendWithoutEnd(socket: TLSSocket, piece: Buffer): void {
  const send = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', send);
  send();
}

function sendEvery(socket: TLSSocket, piece: Buffer, everyMs: number): void {
  const timer = setInterval(() => void socket.write(piece), everyMs);
  socket.once('close', () => clearInterval(timer));
}

function upgradeResponse(request: string): string {
  const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    'Sec-WebSocket-Protocol: mqtt',
    '',
    '',
  ].join('\r\n');
}
