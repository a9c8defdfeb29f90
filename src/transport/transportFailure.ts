import type { Phase } from './phase.ts';

/**
 * The ways in which a connection can fail before the service has responded to the device. `phase` is where it stopped; `code` is the
 * platform's or OpenSSL's own (`ENOTFOUND`, `CERT_HAS_EXPIRED`).
 */
export type TransportFailure =
  | Unreachable
  | TlsFailed
  | WebSocketRefused
  | ConnectionRefused
  | SubscriptionRefused
  | ConnectionLost
  | TimedOut
  | MalformedResponse;

/** The name does not resolve, or nothing listens on the port. */
export interface Unreachable {
  readonly kind: 'unreachable';
  readonly phase: 'dns' | 'tcp';
  readonly code: string;
  readonly message: string;
}

/** The TLS handshake failed. `refusedBy: 'server'`: the peer sent an alert, as for a client certificate it does not accept. */
export interface TlsFailed {
  readonly kind: 'tlsFailed';
  readonly phase: Phase;
  readonly code: string;
  readonly message: string;
  readonly refusedBy: 'client' | 'server';
}

/** The WebSocket upgrade was not completed (RFC 6455 section 4.1): another status than 101, or another subprotocol than `mqtt`. */
export interface WebSocketRefused {
  readonly kind: 'webSocketRefused';
  readonly phase: 'webSocket';
  readonly status?: number;
  readonly message: string;
}

/** CONNACK with a return code other than 0 (MQTT 3.1.1 section 3.2.2.3). */
export interface ConnectionRefused {
  readonly kind: 'connectionRefused';
  readonly phase: 'mqttConnect';
  readonly returnCode: number;
  readonly message: string;
}

/** SUBACK with 0x80, or a packet that grants nothing (MQTT 3.1.1 section 3.9.3). */
export interface SubscriptionRefused {
  readonly kind: 'subscriptionRefused';
  readonly phase: 'subscribe';
  readonly returnCode: number;
  readonly message: string;
}

/** The server closed or reset the connection. */
export interface ConnectionLost {
  readonly kind: 'connectionLost';
  readonly phase: Phase;
  readonly code: string;
  readonly message: string;
}

/** The deadline passed in this phase. `retryAfterSeconds`: the service had asked to wait longer than the deadline allows. */
export interface TimedOut {
  readonly kind: 'timedOut';
  readonly phase: Phase;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** Bytes that the protocol does not allow here, or a body other than the documented one. */
export interface MalformedResponse {
  readonly kind: 'malformedResponse';
  readonly phase: Phase;
  readonly message: string;
}
