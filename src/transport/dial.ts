import type { X509Certificate } from 'node:crypto';
import { isIP, type TcpSocketConnectOpts } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  type DetailedPeerCertificate,
  type SecureContext,
  type TLSSocket,
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
    // Called for a chain that is trusted. What was read of it for its name describes the server, too: to read it twice costs 3 % of a run.
    checkServerIdentity(name, legacy) {
      if (lightIdentityCheck) {
        const read = socket.getPeerX509Certificate();
        certificate = read;
        return checkName(read, name);
      }
      certificate = legacy as DetailedPeerCertificate;
      return checkServerIdentity(name, legacy);
    },
  };
  const socket = connect(options);
  if (lightIdentityCheck) skipLegacyCertificate(socket);
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
      const server = socket.remoteAddress ? captureServer(socket, certificate)() : undefined;
      settle({ kind: 'notDialled', failure, ...(server && { server }) });
    };
    const onLookup = (error: Error | null) => {
      if (!error) recorder.enter('tcp');
    };
    const onConnect = () => recorder.enter('tls');
    const meet = () => {
      // Read once: only the first object that Node returns has the whole chain.
      if (!socket.isSessionReused()) certificate ??= socket.getPeerX509Certificate();
      if (!socket.authorized) return fail(untrusted(socket));
      const server = captureServer(socket, certificate);
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
 * At every handshake Node builds an object of the server's whole chain, only to compare one name: an eighth of the CPU of a registration,
 * which a simulation of ten thousand devices cannot spare. This prevents it, for simulations only; `checkName` lets OpenSSL compare the
 * name instead. test/transport/serverVerdict.test.ts compares both ways with OpenSSL's verdict.
 */
function skipLegacyCertificate(socket: TLSSocket): void {
  Object.defineProperty(socket, 'getPeerCertificate', { value: () => ({}) });
}

/**
 * The `checkServerIdentity` of such a socket (RFC 6125). When the name does not match, Node checks again, so that its own error is
 * reported.
 */
function checkName(certificate: X509Certificate | undefined, name: string): Error | undefined {
  const matches = isIP(name) === 0 ? certificate?.checkHost(name) : certificate?.checkIP(name);
  if (matches !== undefined) return undefined;
  return certificate
    ? checkServerIdentity(name, certificate.toLegacyObject())
    : new Error('the server presented no certificate');
}
