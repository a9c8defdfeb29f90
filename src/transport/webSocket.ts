import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';
import type { Deadline } from './deadline.ts';
import type { Endpoint } from './dial.ts';
import { printable } from './printable.ts';
import type { Recorder } from './recorder.ts';
import { classifySocketError, ignoreLateError, timedOut } from './socketFailure.ts';
import type { TransportFailure } from './transportFailure.ts';

/** The path that Microsoft's SDKs ask for, at DPS and at the hub alike. */
const path = '/$iothub/websocket';
/** Document, "Connessione tramite WebSocket": the subprotocol is `mqtt`. */
const subprotocol = 'mqtt';

export interface UpgradeOptions {
  readonly endpoint: Endpoint;
  readonly socket: TLSSocket;
  readonly recorder: Recorder;
  readonly deadline: Deadline;
}

export type Upgraded =
  | { readonly kind: 'upgraded'; readonly stream: Duplex }
  | { readonly kind: 'notUpgraded'; readonly failure: TransportFailure };

/** The opening handshake of RFC 6455 on a TLS connection that is already there. */
export function upgrade({ endpoint, socket, recorder, deadline }: UpgradeOptions): Promise<Upgraded> {
  recorder.enter('webSocket');
  recorder.sent('GET', { topic: path });
  const webSocket = new WebSocket(`wss://${endpoint.host}:${endpoint.port}${path}`, [subprotocol], {
    createConnection: () => socket,
    perMessageDeflate: false,
  });

  return new Promise((resolve) => {
    const settle = (upgraded: Upgraded) => {
      deadline.signal.removeEventListener('abort', onAbort);
      webSocket.off('open', onOpen).off('unexpected-response', onOtherAnswer).off('error', onError);
      if (upgraded.kind === 'notUpgraded') {
        webSocket.on('error', ignoreLateError);
        socket.on('error', ignoreLateError);
        webSocket.terminate();
        socket.destroy();
      }
      resolve(upgraded);
    };
    const fail = (failure: TransportFailure) => settle({ kind: 'notUpgraded', failure });
    const onAbort = () => fail(timedOut('webSocket'));

    const onOpen = () => {
      recorder.received('101');
      const stream = createWebSocketStream(webSocket);
      // ws only ends the readable side when the peer goes, and half a connection is no use to MQTT.
      webSocket.once('close', () => stream.destroy());
      settle({ kind: 'upgraded', stream });
    };
    const onOtherAnswer = (_request: unknown, response: IncomingMessage) => {
      const status = response.statusCode ?? 0;
      recorder.received(String(status));
      fail({
        kind: 'webSocketRefused',
        phase: 'webSocket',
        status,
        message: `the upgrade was answered with ${status} ${printable(response.statusMessage ?? '')}`.trim(),
      });
    };
    const onError = (error: NodeJS.ErrnoException) => {
      const failure = classifySocketError(error, 'webSocket');
      // What comes without a system code is ws's own judgement of the answer: a wrong subprotocol, a wrong accept key, not HTTP.
      fail(
        error.code?.startsWith('E')
          ? failure
          : { kind: 'webSocketRefused', phase: 'webSocket', message: printable(error.message) },
      );
    };
    webSocket.on('open', onOpen).on('unexpected-response', onOtherAnswer).on('error', onError);
    if (deadline.signal.aborted) return onAbort();
    deadline.signal.addEventListener('abort', onAbort, { once: true });
  });
}
