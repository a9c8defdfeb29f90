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
  /** What the assigned hub speaks, as sent: `classic`, `mqttV5` or a newer one (api-version 2026-11-02-preview and newer). */
  readonly connectionProfile?: string;
  /** What custom allocation returned (api-version 2021-06-01 and newer), unless it is too large to keep. */
  readonly payload?: unknown;
  /** Size of the returned payload as JSON, in bytes. */
  readonly payloadBytes?: number;
}

/** The service finished (status 200) and its body says `failed`. */
export interface Failed {
  readonly kind: 'failed';
  readonly phase: 'register' | 'assign';
  readonly operationId: string;
  readonly errorCode?: number;
  readonly trackingId?: string;
  /** The words alone, where the service sent JSON in its message. */
  readonly message?: string;
  /** The message was JSON: DPS passes on what another service (a hub, a webhook) responded. */
  readonly isNested?: boolean;
}

/** The service finished and its body says `disabled`: the enrollment is switched off. */
export interface Disabled {
  readonly kind: 'disabled';
  readonly phase: 'register' | 'assign';
  readonly operationId: string;
}

/** A response with a 3xx, 4xx (but 429) or 5xx status. */
export interface Rejected extends ServiceError {
  readonly kind: 'rejected';
  readonly phase: 'register' | 'assign';
  readonly status: number;
}

/** 429 was the service's last word: until the deadline, or with a retry-after that reaches beyond it. */
export interface Throttled extends ServiceError {
  readonly kind: 'throttled';
  readonly phase: 'register' | 'assign';
  readonly status: 429;
  /** The time that was waited, or would have been: the SDKs' default where the service named none. */
  readonly retryAfterSeconds?: number;
}

/** The service's error body. `errorCode` has six digits, the first three being the HTTP status. */
export interface ServiceError {
  readonly errorCode?: number;
  readonly trackingId?: string;
  /** The words alone, where the service sent JSON in its message. */
  readonly message?: string;
  /** The message was JSON: DPS passes on what another service (a hub, a webhook) responded. */
  readonly isNested?: boolean;
  readonly timestampUtc?: string;
}
