import type { TransportFailure } from '../transport/transportFailure.ts';

/** Every way in which a register-and-poll exchange can end. Readers switch over `kind` exhaustively. */
export type RegistrationResult = Assigned | Failed | Disabled | Rejected | Throttled | TransportFailure;

/** The service finished and named the hub. */
export interface Assigned {
  readonly kind: 'assigned';
  readonly operationId: string;
  readonly assignedHub: string;
  readonly deviceId: string;
  readonly substatus?: string;
  /** The protocol of the assigned hub, as received: `classic`, `mqttV5` or a newer one (api-version 2026-11-02-preview and newer). */
  readonly connectionProfile?: string;
  /** What custom allocation returned (api-version 2021-06-01 and newer), unless it is too large to keep. */
  readonly payload?: unknown;
  /** Size of the returned payload as JSON, in bytes. */
  readonly payloadBytes?: number;
}

/** The service finished (status 200) with `failed` in the body. */
export interface Failed {
  readonly kind: 'failed';
  readonly phase: 'register' | 'assign';
  readonly operationId: string;
  readonly errorCode?: number;
  readonly trackingId?: string;
  /** Only the text, when the service sent JSON in its message. */
  readonly message?: string;
  /** The message was JSON: DPS passes on what another service (a hub, a webhook) responded. */
  readonly isNested?: boolean;
}

/** The service finished with `disabled` in the body: the enrollment is disabled. */
export interface Disabled {
  readonly kind: 'disabled';
  readonly phase: 'register' | 'assign';
  readonly operationId: string;
}

/** A response with a 3xx, 4xx (except 429) or 5xx status. */
export interface Rejected extends ServiceError {
  readonly kind: 'rejected';
  readonly phase: 'register' | 'assign';
  readonly status: number;
}

/** The last response was a 429: until the deadline, or with a retry-after beyond it. */
export interface Throttled extends ServiceError {
  readonly kind: 'throttled';
  readonly phase: 'register' | 'assign';
  readonly status: 429;
  /** How long the run waited or would have waited: the SDKs' default when the service gave no time. */
  readonly retryAfterSeconds?: number;
}

/** The service's error body. `errorCode` has six digits, the first three being the HTTP status. */
export interface ServiceError {
  readonly errorCode?: number;
  readonly trackingId?: string;
  /** Only the text, when the service sent JSON in its message. */
  readonly message?: string;
  /** The message was JSON: DPS passes on what another service (a hub, a webhook) responded. */
  readonly isNested?: boolean;
  readonly timestampUtc?: string;
}
