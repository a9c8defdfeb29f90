import type { SecureContext, TLSSocket } from 'node:tls';
import type { Endpoint } from './endpoint.ts';

/**
 * A cache of TLS sessions, for simulations that ask for resumption (RFC 8446 section 2.2). Off by default, because real devices make a full
 * handshake when they start.
 *
 * A session is resumed only with the credential that it was created with: the server takes the device certificate from the session, so
 * another device would be authenticated as the first one.
 */
export interface TlsSessions {
  get(endpoint: Endpoint, credential: SecureContext): Buffer | undefined;
  /** Call this only for a socket whose certificate was accepted: a resumed session is not verified again. */
  keep(endpoint: Endpoint, credential: SecureContext, socket: TLSSocket): void;
}

export function createTlsSessions(): TlsSessions {
  const sessions = new WeakMap<SecureContext, Map<string, Buffer>>();
  const key = ({ host, port }: Endpoint) => `${host}:${port}`;
  return {
    get: (endpoint, credential) => sessions.get(credential)?.get(key(endpoint)),
    keep(endpoint, credential, socket) {
      const ofCredential = sessions.get(credential) ?? new Map<string, Buffer>();
      sessions.set(credential, ofCredential);
      const keep = (session: Buffer) => void ofCredential.set(key(endpoint), session);
      // In TLS 1.3 the ticket arrives after the handshake; in TLS 1.2 it is part of it, and has arrived.
      const session = socket.getProtocol() === 'TLSv1.3' ? undefined : socket.getSession();
      if (session) keep(session);
      else socket.once('session', keep);
    },
  };
}
