/**
 * The two transports of the document: MQTT over TLS, and MQTT over WebSocket over TLS. For a plaintext CONNECT, the TLS server sends an
 * alert and closes the connection.
 */
import { createServer as createHttpServer, type Server as HttpServer, STATUS_CODES } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { WebSocketServer } from 'ws';
import { createSelfSigned, type IssuedCertificate, type LocalAuthority } from '../certificates.ts';
import type { ListenerFault } from './listenerFault.ts';
import { createPeerChains } from './peerChains.ts';
import { tlsWire, type Wire, type WireSockets, webSocketWire } from './wire.ts';

export interface ListenOptions {
  /** `either`: one port serves both, distinguished by their first byte. */
  readonly accepts: 'mqtt' | 'webSocket' | 'either';
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly certificate: IssuedCertificate;
  readonly fault?: ListenerFault | undefined;
  /** Issues certificates for the faults that need one. */
  readonly authority?: LocalAuthority | undefined;
  readonly onWire: (wire: Wire) => void;
}

export interface Listener {
  readonly port: number;
  /** Closes every connection and the listener; resolves when all are closed. */
  close(): Promise<void>;
}

const webSocketPath = '/$iothub/websocket';
const firstByteOfHttp = 'G'.charCodeAt(0);

/** Opens a port. Rejects when it cannot be opened. */
export async function listenMqtt(options: ListenOptions): Promise<Listener> {
  const broken = brokenTcpServer(options.fault);
  if (broken !== undefined) return open(broken, trackSockets(broken), options);

  const server = createTlsServer({ ...(await tlsOptions(options)), noDelay: true });
  const sockets = trackSockets(server);
  const chains = createPeerChains();
  const wireSockets = (socket: TLSSocket): WireSockets => ({
    socket,
    rawSocket: () => sockets.under(socket),
    certificates: chains.of(socket),
  });
  const upgrades = webSocketUpgrades(options, wireSockets);
  const toMqtt = (socket: TLSSocket) => options.onWire(tlsWire(wireSockets(socket)));
  const toWebSocket = (socket: TLSSocket) => upgrades.emit('connection', socket);
  server.on('secureConnection', (socket: TLSSocket) => {
    ignoreErrors(socket);
    chains.add(socket);
    if (options.accepts === 'mqtt') toMqtt(socket);
    else if (options.accepts === 'webSocket') toWebSocket(socket);
    else byFirstByte(socket, (first) => (first === firstByteOfHttp ? toWebSocket : toMqtt)(socket));
  });
  return open(server, sockets, options);
}

function byFirstByte(socket: TLSSocket, route: (first: number | undefined) => void): void {
  socket.once('data', (bytes: Buffer) => {
    socket.pause();
    socket.unshift(bytes);
    route(bytes[0]);
    process.nextTick(() => socket.resume());
  });
}

/** RFC 6455 upgrades, subprotocol `mqtt`, on the path that the device SDKs use. It does not listen: it receives TLS sockets. */
function webSocketUpgrades(
  { fault, onWire }: ListenOptions,
  wireSockets: (socket: TLSSocket) => WireSockets,
): HttpServer {
  const webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => agreedSubprotocol(offered, fault),
  });
  const server = createHttpServer((_request, response) => response.writeHead(404).end());
  server.on('upgrade', (request, duplex, head) => {
    const socket = duplex as TLSSocket; // emitted above
    const refusal = upgradeRefusal(request.url, request.headers['sec-websocket-protocol'], fault);
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal} ${STATUS_CODES[refusal]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      onWire(webSocketWire(webSocket, wireSockets(socket)));
    });
  });
  return server;
}

function upgradeRefusal(
  url: string | undefined,
  offered: string | undefined,
  fault: ListenerFault | undefined,
): number | undefined {
  if (fault?.kind === 'upgradeStatus') return fault.status;
  if (url?.split('?')[0] !== webSocketPath) return 404;
  // [MQTT-6.0.0-3] the client must offer `mqtt`
  const subprotocols = (offered ?? '').split(',').map((name) => name.trim());
  return subprotocols.includes('mqtt') ? undefined : 400;
}

function agreedSubprotocol(offered: Set<string>, fault: ListenerFault | undefined): string | false {
  if (fault?.kind === 'noSubprotocol') return false;
  if (fault?.kind === 'wrongSubprotocol') return 'amqp';
  return offered.has('mqtt') ? 'mqtt' : false; // [MQTT-6.0.0-4]
}

async function tlsOptions({ certificate, fault, authority }: ListenOptions): Promise<TlsOptions> {
  const presented = await presentedCertificate(certificate, fault, authority);
  const shared = {
    cert: presented.cert,
    key: presented.key,
    requestCert: true,
    rejectUnauthorized: false,
  };
  // OpenSSL 3 supports TLS 1.1 only at security level 0
  if (fault?.kind === 'oldTlsOnly')
    return { ...shared, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  // "your client must connect over TLS 1.2" (document, "TLS/SSL configuration"). A device certificate is requested, but
  // checked later by the enrollment, because its chain does not lead to a public root.
  return { ...shared, minVersion: 'TLSv1.2' };
}

async function presentedCertificate(
  certificate: IssuedCertificate,
  fault: ListenerFault | undefined,
  authority: LocalAuthority | undefined,
): Promise<IssuedCertificate> {
  switch (fault?.kind) {
    case 'selfSignedCertificate':
      return createSelfSigned({ commonName: 'localhost', names: ['localhost', '127.0.0.1'] });
    case 'expiredCertificate':
      return trustedBy(authority).issueServer(undefined, { notAfter: new Date(Date.now() - 60_000) });
    case 'wrongNameCertificate':
      return trustedBy(authority).issueServer(['somewhere-else.invalid']);
    default:
      return certificate;
  }
}

function trustedBy(authority: LocalAuthority | undefined): LocalAuthority {
  if (authority === undefined)
    throw new Error('this listener fault needs the option `authority`, to issue a certificate');
  return authority;
}

function brokenTcpServer(fault: ListenerFault | undefined): Server | undefined {
  switch (fault?.kind) {
    case 'silentAfterAccept':
      return createTcpServer((socket) => ignoreErrors(socket).resume());
    case 'closeAfterAccept':
      return createTcpServer((socket) => ignoreErrors(socket).destroy());
    case 'resetAfterAccept':
      return createTcpServer((socket) => ignoreErrors(socket).resetAndDestroy());
    case 'plaintextAfterAccept':
      return createTcpServer((socket) => ignoreErrors(socket).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    default:
      return undefined;
  }
}

interface Sockets {
  /** The TCP socket under a TLS one. */
  under(socket: TLSSocket): Socket;
  destroyAll(): void;
}

function trackSockets(server: Server): Sockets {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  return {
    // Node has no API for this; resets are rare, so a search is fast enough
    under: (socket) => [...open].find((raw) => isSamePeer(raw, socket)) ?? socket,
    destroyAll: () => {
      for (const socket of open) socket.destroy();
    },
  };
}

function isSamePeer(left: Socket, right: Socket): boolean {
  return left.remotePort === right.remotePort && left.remoteAddress === right.remoteAddress;
}

/** A device may disconnect at any time; only the close event that follows matters. */
function ignoreErrors<Stream extends Socket>(socket: Stream): Stream {
  socket.on('error', () => {});
  return socket;
}

function open(server: Server, sockets: Sockets, { host, port }: ListenOptions): Promise<Listener> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 4096 }, () => {
      server.removeListener('error', reject);
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            sockets.destroyAll();
          }),
      });
    });
  });
}
