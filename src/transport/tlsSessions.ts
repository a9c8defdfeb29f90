import type { SecureContext, TLSSocket } from 'node:tls';
import type { Endpoint } from './endpoint.ts';

/**
 * TLS sessions that were accepted, for simulations that ask for resumption (RFC 8446 section 2.2). Real devices make a full
 * handshake when they start, so this is off unless asked for.
 *
 * A session is resumed only with the credential it was made with: the server takes the device certificate from it, and another
 * device would come in under the first one's name.
 */
export interface TlsSessions {
  get(endpoint: Endpoint, credential: SecureContext): Buffer | undefined;
  /** Call only for a socket whose certificate was accepted: a resumed session is not verified again. */
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
      // In TLS 1.3 the ticket comes after the handshake; in TLS 1.2 it is part of it, and is there by now.
      const session = socket.getProtocol() === 'TLSv1.3' ? undefined : socket.getSession();
      if (session) keep(session);
      else socket.once('session', keep);
    },
  };
}
