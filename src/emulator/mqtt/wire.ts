import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { WebSocket } from 'ws';

/** How long a device may keep its side of the connection open after ours is closed. */
const lingerMs = 2_000;

export type Transport = 'mqtt' | 'mqtt-ws';

/** One device's connection, over either transport. Small on purpose: a simulation opens thousands. */
export interface Wire {
  readonly transport: Transport;
  /** The certificate that the device presented in TLS, and its intermediates; empty when it presented none. */
  readonly certificates: readonly X509Certificate[];
  write(bytes: Buffer): void;
  /** Sends pending data, then closes. */
  end(): void;
  /** Closes with a TCP RST, as a crashed service or a firewall does. */
  reset(): void;
  /** Calls `listener` after this time without traffic; 0: never. */
  onIdle(idleMs: number, listener: () => void): void;
  onBytes(listener: (bytes: Buffer) => void): void;
  onClose(listener: () => void): void;
}

export interface WireSockets {
  readonly socket: TLSSocket;
  /** The TCP socket below TLS: only this one can be reset. */
  readonly rawSocket: () => Socket;
  readonly certificates: readonly X509Certificate[];
}

export function tlsWire({ socket, rawSocket, certificates }: WireSockets): Wire {
  return {
    transport: 'mqtt',
    certificates,
    write: (bytes) => void socket.write(bytes),
    end: () => {
      socket.end();
      idle(socket, lingerMs, () => socket.destroy());
    },
    reset: () => void rawSocket().resetAndDestroy(),
    onIdle: (idleMs, listener) => idle(socket, idleMs, listener),
    onBytes: (listener) => void socket.on('data', listener),
    onClose: (listener) => void socket.on('close', listener),
  };
}

export function webSocketWire(webSocket: WebSocket, { socket, rawSocket, certificates }: WireSockets): Wire {
  return {
    transport: 'mqtt-ws',
    certificates,
    write: (bytes) => webSocket.send(bytes),
    end: () => webSocket.close(),
    reset: () => void rawSocket().resetAndDestroy(),
    onIdle: (idleMs, listener) => idle(socket, idleMs, listener),
    onBytes: (listener) =>
      void webSocket.on('message', (data: Buffer, isBinary: boolean) => {
        // [MQTT-6.0.0-1] control packets travel in binary frames; any other frame closes the connection (1003, RFC 6455 7.4.1)
        if (isBinary) listener(data);
        else webSocket.close(1003);
      }),
    onClose: (listener) => void webSocket.on('close', listener),
  };
}

function idle(socket: TLSSocket, idleMs: number, listener: () => void): void {
  socket.removeAllListeners('timeout'); // only the newest listener counts
  socket.setTimeout(idleMs, listener);
}
