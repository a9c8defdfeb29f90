import type { TLSSocket } from 'node:tls';
import type { Endpoint } from './dial.ts';

/**
 * TLS sessions that were accepted, for simulations that ask for resumption (RFC 8446 section 2.2). Real devices make a full
 * handshake when they start, so this is off unless asked for.
 */
export interface TlsSessions {
  get(endpoint: Endpoint): Buffer | undefined;
  /** Call only for a socket whose certificate was accepted: a resumed session is not verified again. */
  keep(endpoint: Endpoint, socket: TLSSocket): void;
}

export function createTlsSessions(): TlsSessions {
  const sessions = new Map<string, Buffer>();
  const key = ({ host, port }: Endpoint) => `${host}:${port}`;
  return {
    get: (endpoint) => sessions.get(key(endpoint)),
    // In TLS 1.3 the ticket comes after the handshake, so it cannot be read at this moment.
    keep: (endpoint, socket) => socket.once('session', (session) => sessions.set(key(endpoint), session)),
  };
}
