import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { WebSocket } from 'ws';

/** How long a device may keep its side open after ours is closed. */
const lingerMs = 2_000;

export type Transport = 'mqtt' | 'mqtt-ws';

/** One device's connection, whichever way its bytes travel. Thin on purpose: thousands of these are open in a simulation. */
export interface Wire {
  readonly transport: Transport;
  /** The certificate that the device presented in TLS, and its intermediates; empty when it presented none. */
  readonly certificates: readonly X509Certificate[];
  write(bytes: Buffer): void;
  /** Sends what is written, then closes. */
  end(): void;
  /** Closes with a TCP RST: what a crashed service or an impatient firewall does. */
  reset(): void;
  /** Calls back when nothing has been sent or received for so long; 0 switches it off. */
  onIdle(idleMs: number, listener: () => void): void;
  onBytes(listener: (bytes: Buffer) => void): void;
  onClose(listener: () => void): void;
}

export interface WireSockets {
  readonly socket: TLSSocket;
  /** The TCP socket under it: only that can be reset. */
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
  socket.removeAllListeners('timeout'); // one at a time: the newest replaces the one before
  socket.setTimeout(idleMs, listener);
}
