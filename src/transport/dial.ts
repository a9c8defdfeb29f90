import type { X509Certificate } from 'node:crypto';
import { isIP, type TcpSocketConnectOpts } from 'node:net';
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from 'node:tls';
import type { Deadline } from './deadline.ts';
import { checkName, deferCertificate } from './peerCertificate.ts';
import { printable } from './printable.ts';
import type { Recorder } from './recorder.ts';
import { meetServer, type ServerIdentity } from './serverIdentity.ts';
import type { TlsSessions } from './tlsSessions.ts';
import type { TransportFailure } from './transportFailure.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface DialOptions {
  readonly endpoint: Endpoint;
  readonly secureContext: SecureContext;
  readonly recorder: Recorder;
  readonly deadline: Deadline;
  /** Resumes a TLS session where there is one; a device that starts for the first time has none. */
  readonly tlsSessions?: TlsSessions | undefined;
}

export type Dialled =
  | { readonly kind: 'dialled'; readonly socket: TLSSocket; readonly server: () => ServerIdentity }
  | { readonly kind: 'notDialled'; readonly failure: TransportFailure; readonly server?: ServerIdentity };

/**
 * One connection attempt to one address, up to the end of the TLS handshake. No retry, no second address ("happy eyeballs"):
 * what is half up must show.
 *
 * The handshake itself accepts any certificate, on purpose: a chain that does not verify is what a monitor has to report in full,
 * and a socket that OpenSSL has torn down tells nothing. The verdict is taken here, before a byte of ours is sent.
 */
export function dial({ endpoint, secureContext, recorder, deadline, tlsSessions }: DialOptions): Promise<Dialled> {
  const { host, port } = endpoint;
  const literal = isIP(host) !== 0;

  // Asked for once: Node hands the chain out with the first object, and later ones lack it.
  let certificate: X509Certificate | undefined;
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
    checkServerIdentity: (name) => {
      certificate = socket.getPeerX509Certificate();
      return checkName(certificate, name);
    },
  };
  const socket = connect(options);
  deferCertificate(socket);
  // A register-and-poll exchange is a handful of small packets, each of which waits for the other side's.
  socket.setNoDelay(true);

  return new Promise((resolve) => {
    const settle = (dialled: Dialled) => {
      deadline.signal.removeEventListener('abort', onAbort);
      socket.off('lookup', onLookup).off('connect', onConnect).off('secureConnect', onSecure);
      socket.off('error', onError).off('close', onClose);
      certificate = undefined; // the socket keeps its options, and with them whatever this closure holds
      if (dialled.kind === 'notDialled') {
        socket.on('error', ignoreLateError);
        socket.destroy();
      }
      resolve(dialled);
    };
    const fail = (failure: TransportFailure) => {
      const server = socket.remoteAddress ? meetServer(socket, certificate)() : undefined;
      settle({ kind: 'notDialled', failure, ...(server && { server }) });
    };
    const onLookup = (error: Error | null) => {
      if (!error) recorder.enter('tcp');
    };
    const onConnect = () => recorder.enter('tls');
    const onSecure = () => {
      // Where the chain does not verify, its names have not been checked, and it has not been read.
      if (!socket.isSessionReused()) certificate ??= socket.getPeerX509Certificate();
      if (!socket.authorized) return fail(untrusted(socket));
      const server = meetServer(socket, certificate);
      tlsSessions?.keep(endpoint, secureContext, socket);
      settle({ kind: 'dialled', socket, server });
    };
    const onError = (error: NodeJS.ErrnoException) => fail(classifySocketError(error, recorder.phase));
    const onClose = () =>
      fail({
        kind: 'connectionLost',
        phase: recorder.phase,
        code: 'CLOSED',
        message: 'the server closed the connection',
      });
    const onAbort = () => fail(timedOut(recorder.phase));

    socket.on('lookup', onLookup).on('connect', onConnect).on('secureConnect', onSecure);
    socket.on('error', onError).on('close', onClose);
    if (deadline.signal.aborted) return onAbort();
    deadline.signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** What a socket still says after we have let go of it changes no finding. */
export function ignoreLateError(): void {}

export function timedOut(phase: Recorder['phase']): TransportFailure {
  return { kind: 'timedOut', phase, message: `the deadline passed in phase ${phase}` };
}

function untrusted(socket: TLSSocket): TransportFailure {
  // Node's types say Error; at run time it is OpenSSL's code as a string, or the error of checkServerIdentity's code.
  const reason: unknown = socket.authorizationError;
  const code = reason instanceof Error ? reason.message : String(reason);
  return {
    kind: 'tlsFailed',
    phase: 'tls',
    code,
    message: `the server's certificate is not accepted: ${code}`,
    refusedBy: 'client',
  };
}

/** The one place where a socket's error becomes a finding, by the phase that it came in. */
export function classifySocketError(error: NodeJS.ErrnoException, phase: Recorder['phase']): TransportFailure {
  const code = error.code ?? error.name;
  const message = wordsOf(error);
  // A port that resets has been reached: who listens there did not want to go on.
  if (phase === 'dns' || (phase === 'tcp' && code !== 'ECONNRESET'))
    return { kind: 'unreachable', phase, code, message };
  // In TLS 1.3 the server judges our certificate after our handshake has ended, so its alert may come in any later phase.
  if (/_ALERT_/.test(code)) return { kind: 'tlsFailed', phase: 'tls', code, message, refusedBy: 'server' };
  if (phase === 'tls' && !/^(ECONN|EPIPE|ETIMEDOUT)/.test(code)) {
    return { kind: 'tlsFailed', phase, code, message, refusedBy: 'client' };
  }
  return { kind: 'connectionLost', phase, code, message };
}

/** OpenSSL puts its thread, its file and its line around the reason, and a line break behind them. */
function wordsOf(error: Error & { readonly reason?: unknown }): string {
  return typeof error.reason === 'string' ? error.reason : printable(error.message).trim();
}
