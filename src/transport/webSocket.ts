import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';
import type { Endpoint } from './endpoint.ts';
import { MalformedPacketError, maxPacketBytes, maxPackets } from './packetStream.ts';
import { printable } from './printable.ts';
import type { Run } from './run.ts';
import { classifySocketError, ignoreLateError, timedOut } from './socketFailure.ts';
import type { TransportFailure } from './transportFailure.ts';

/** The path that Microsoft's SDKs use, for DPS and for the hub. */
const path = '/$iothub/websocket';
/** learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support, "Connect over WebSocket". */
const subprotocol = 'mqtt';
/** Messages, pings and pongs: a packet needs one or two. */
const maxFrames = 2 * maxPackets;

/** Such as 103 Early Hints (RFC 9110 section 15.2). They have no limit, and a proxy sends one or two. */
const maxInterimResponses = 10;

export type Upgraded =
  | { readonly kind: 'upgraded'; readonly stream: Duplex }
  | { readonly kind: 'notUpgraded'; readonly failure: TransportFailure };

/** The opening handshake of RFC 6455 on an open TLS connection. */
export function upgrade(socket: TLSSocket, endpoint: Endpoint, { recorder, deadline }: Run): Promise<Upgraded> {
  recorder.enter('webSocket');
  recorder.sent('GET', { topic: path });
  const webSocket = new WebSocket(`wss://${endpoint.host}:${endpoint.port}${path}`, [subprotocol], {
    createConnection: () => socket,
    perMessageDeflate: false,
    maxPayload: maxPacketBytes,
    autoPong: false,
    finishRequest(request) {
      let interimResponses = 0;
      request.on('information', () => {
        interimResponses += 1;
        if (interimResponses <= maxInterimResponses) return;
        request.destroy(new Error(`more than ${maxInterimResponses} interim responses to the upgrade`));
      });
      request.end();
    },
  });

  return new Promise((resolve) => {
    const settle = (upgraded: Upgraded) => {
      deadline.signal.removeEventListener('abort', onAbort);
      webSocket.off('open', onOpen).off('unexpected-response', onOtherResponse).off('error', onError);
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
      // When the peer closes, ws only ends the readable side, and MQTT cannot use half a connection.
      webSocket.once('close', () => stream.destroy());
      let frames = 0;
      const count = () => {
        frames += 1;
        if (frames <= maxFrames) return true;
        webSocket.removeAllListeners('message').off('ping', onPing).off('pong', count);
        stream.destroy(new MalformedPacketError(`more than ${maxFrames} WebSocket frames`));
        return false;
      };
      const onPing = (data: Buffer) => {
        if (count()) webSocket.pong(data);
      };
      webSocket.on('message', count).on('ping', onPing).on('pong', count);
      settle({ kind: 'upgraded', stream });
    };
    const onOtherResponse = (_request: unknown, response: IncomingMessage) => {
      const status = response.statusCode ?? 0;
      recorder.received(String(status));
      fail({
        kind: 'webSocketRefused',
        phase: 'webSocket',
        status,
        message: `the server responded to the upgrade with ${status} ${printable(response.statusMessage ?? '')}`.trim(),
      });
    };
    const onError = (error: NodeJS.ErrnoException) => {
      const failure = classifySocketError(error, 'webSocket');
      // Without a system code it is ws's own error about the response: a wrong subprotocol, a wrong accept key, not HTTP.
      fail(
        error.code?.startsWith('E')
          ? failure
          : { kind: 'webSocketRefused', phase: 'webSocket', message: printable(error.message) },
      );
    };
    webSocket.on('open', onOpen).on('unexpected-response', onOtherResponse).on('error', onError);
    if (deadline.signal.aborted) return onAbort();
    deadline.signal.addEventListener('abort', onAbort, { once: true });
  });
}
