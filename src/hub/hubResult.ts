import type { TimedOut, TransportFailure } from '../transport/transportFailure.ts';

/** What the verification waits for: the CONNACK, the PUBACK of a telemetry message, the twin, or a new certificate. */
export type HubVerification = 'connect' | 'telemetry' | 'twin' | 'renew';

/** An operational certificate that the device presents to the hub: issued by DPS, or renewed by the hub. */
export type OperationalCredential = 'issuedCertificate' | 'renewedCertificate';

/** Every way in which a verification of the assigned hub can end. */
export type HubResult = HubVerified | HubRenewed | HubRefused;

export interface HubVerified {
  readonly kind: 'verified';
}

/** The hub issued a new certificate. It has not been judged or tried yet. */
export interface HubRenewed {
  readonly kind: 'renewed';
  /** As received. By the protocol an array of base64 DER, leaf first. */
  readonly certificates: unknown;
  readonly correlationId?: string;
  /** From the request to the certificate. */
  readonly durationMs: number;
  /**
   * The `$rid` of another request of this device that the hub responded to meanwhile: from a run that was cut off, or from another client.
   */
  readonly otherRequest?: string;
}

/** How the hub identifies a renewal that it has accepted (202). */
export interface RenewalOperation {
  readonly correlationId?: string;
  /** As received: a time with nine decimals. */
  readonly operationExpires?: string;
}

/** Assigned, but the hub did not accept the device, or the verification failed. */
export interface HubRefused {
  readonly kind: 'hubRefused';
  readonly phase: 'hub';
  readonly assignedHub: string;
  readonly deviceId: string;
  readonly verification: HubVerification;
  /** Absent: the onboarding credential. */
  readonly credential?: OperationalCredential;
  readonly cause: HubRefusal;
}

export type HubRefusal =
  | TransportFailure
  /** The assigned name is neither one of Azure's nor in the configured probe's `expect.assignedHub`, so no credential was sent to it. */
  | { readonly kind: 'hubNotAllowed'; readonly message: string }
  /** The response to the twin request had another status than 200. */
  | { readonly kind: 'twinRejected'; readonly status: number; readonly message: string }
  | RenewalRejected
  | RenewalTimedOut;

/** The hub refused to renew the certificate, at once or after a 202. */
export interface RenewalRejected {
  readonly kind: 'renewalRejected';
  readonly status: number;
  /** Six digits, the first three the status. */
  readonly errorCode?: number;
  readonly message?: string;
  readonly trackingId?: string;
  readonly retryAfterSeconds?: number;
  readonly info?: RenewalInfo;
}

/** The hub's own details of an error, limited in number and length. */
export type RenewalInfo = Readonly<Record<string, string | number | boolean>>;

/** The hub did not finish the renewal before the deadline. Identifies the operation if the hub had accepted the request (202). */
export interface RenewalTimedOut extends TimedOut, RenewalOperation {}
