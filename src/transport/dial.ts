import { isIP, type TcpSocketConnectOpts } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  type DetailedPeerCertificate,
  type SecureContext,
  TLSSocket,
} from 'node:tls';
import type { Endpoint } from './endpoint.ts';
import { printable } from './printable.ts';
import type { Run } from './run.ts';
import { captureServer, type PresentedCertificate, type ServerIdentity } from './serverIdentity.ts';
import { classifySocketError, closedByServer, ignoreLateError, timedOut } from './socketFailure.ts';
import type { TransportFailure } from './transportFailure.ts';

export type Dialled =
  | { readonly kind: 'dialled'; readonly socket: TLSSocket; readonly server: () => ServerIdentity }
  | { readonly kind: 'notDialled'; readonly failure: TransportFailure; readonly server?: ServerIdentity };

/**
 * Makes one connection attempt to one address, up to the end of the TLS handshake. No retry and no second address ("happy eyeballs"): the
 * run must show a service that is only partly up.
 *
 * The handshake accepts any certificate, on purpose: a monitor has to report the whole chain that does not verify, and a socket that
 * OpenSSL has closed has no chain. Node's verdict (`authorized`) is checked here, before we send any data.
 */
export function dial(endpoint: Endpoint, secureContext: SecureContext, run: Run): Promise<Dialled> {
  const { recorder, deadline, tlsSessions, lightIdentityCheck = false } = run;
  const { host, port } = endpoint;
  const literal = isIP(host) !== 0;

  // What Node read to compare the name: to read the chain twice costs 3 % of a run.
  let certificate: PresentedCertificate | undefined;
  recorder.enter(literal ? 'tcp' : 'dns');
  const session = tlsSessions?.get(endpoint, secureContext);
  const options: ConnectionOptions & Pick<TcpSocketConnectOpts, 'autoSelectFamily'> = {
    host,
    port,
    servername: literal ? '' : host,
    secureContext,
    autoSelectFamily: false,
    rejectUnauthorized: false,
    ...(session && { session }),
    checkServerIdentity(name, presented) {
      certificate = presented as DetailedPeerCertificate;
      return checkServerIdentity(name, presented);
    },
  };
  const socket = connect(options);
  if (lightIdentityCheck) readLeafAlone(socket);
  // The exchange is a few small packets, each sent after the server's last one: Nagle's algorithm would only delay them.
  socket.setNoDelay(true);

  return new Promise((resolve, reject) => {
    const settle = (dialled: Dialled) => {
      deadline.signal.removeEventListener('abort', onAbort);
      socket.off('lookup', onLookup).off('connect', onConnect).off('secureConnect', onSecure);
      socket.off('error', onError).off('close', onClose);
      certificate = undefined; // the socket keeps its options, and with them this closure's variables
      if (dialled.kind === 'notDialled') {
        socket.on('error', ignoreLateError);
        socket.destroy();
      }
      resolve(dialled);
    };
    const fail = (failure: TransportFailure) => {
      const server = readServer(socket);
      settle({ kind: 'notDialled', failure, ...(server && { server }) });
    };
    const onLookup = (error: Error | null) => {
      if (!error) recorder.enter('tcp');
    };
    const onConnect = () => recorder.enter('tls');
    const meet = () => {
      if (!socket.authorized) return fail(untrusted(socket));
      const server = captureServer(socket, certificate, lightIdentityCheck ? () => wholeChain(socket) : undefined);
      tlsSessions?.keep(endpoint, secureContext, socket);
      settle({ kind: 'dialled', socket, server });
    };
    const onSecure = () => {
      try {
        meet();
      } catch (error) {
        // An error thrown in an event listener would end the process, not only the run.
        reject(error);
        settle({ kind: 'notDialled', failure: timedOut('tls') });
      }
    };
    const onError = (error: NodeJS.ErrnoException) => fail(classifySocketError(error, recorder.phase));
    const onClose = () => fail(closedByServer(recorder.phase));
    const onAbort = () => fail(timedOut(recorder.phase));

    socket.on('lookup', onLookup).on('connect', onConnect).on('secureConnect', onSecure);
    socket.on('error', onError).on('close', onClose);
    if (deadline.signal.aborted) return onAbort();
    deadline.signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** The failure is the finding: it is never lost because the server's certificate cannot be read as well. */
function readServer(socket: TLSSocket): ServerIdentity | undefined {
  try {
    return socket.remoteAddress ? captureServer(socket, wholeChain(socket))() : undefined;
  } catch {
    return undefined;
  }
}

function untrusted(socket: TLSSocket): TransportFailure {
  // Node's types say Error; at run time it is OpenSSL's code as a string, or the error of checkServerIdentity's code.
  const reason: unknown = socket.authorizationError;
  const code = reason instanceof Error ? reason.message : String(reason);
  return {
    kind: 'tlsFailed',
    phase: 'tls',
    code,
    message: `the server's certificate is not accepted: ${printable(code)}`,
    refusedBy: 'client',
  };
}

/**
 * At every handshake Node makes an object of the server's whole chain, only to compare the leaf's name: an eighth of the CPU of a
 * registration, which a simulation of ten thousand devices cannot spare. Here Node compares the same name, and makes an object of the leaf
 * alone. OpenSSL has verified the chain before. test/transport/serverVerdict.test.ts compares both ways with OpenSSL's verdict.
 */
function readLeafAlone(socket: TLSSocket): void {
  const read = socket.getPeerCertificate.bind(socket);
  Object.defineProperty(socket, 'getPeerCertificate', { value: () => read(false) });
}

/**
 * The certificates that the server sent, also where only the leaf has been read. Not `getPeerX509Certificate`, which takes them out of the
 * connection and never frees them: 6 kB of each connection (Node 24; the code that github.com/nodejs/node/issues/65579 describes).
 */
function wholeChain(socket: TLSSocket): PresentedCertificate | undefined {
  const certificate = TLSSocket.prototype.getPeerCertificate.call(socket, true) as DetailedPeerCertificate | null;
  return certificate && 'raw' in certificate ? certificate : undefined; // null once the socket is closed, {} without a certificate
}
