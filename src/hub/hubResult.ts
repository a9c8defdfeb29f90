import type { TimedOut, TransportFailure } from '../transport/transportFailure.ts';

/** How far the verification goes: a CONNACK, a PUBACK of one telemetry message, a response with the twin, or a new certificate. */
export type HubVerification = 'connect' | 'telemetry' | 'twin' | 'renew';

/** What the device presents to the hub, where that is not its onboarding credential: what DPS issued, or what the hub renewed. */
export type OperationalCredential = 'issuedCertificate' | 'renewedCertificate';

/** Every way in which a verification of the assigned hub can end. */
export type HubResult = HubVerified | HubRenewed | HubRefused;

export interface HubVerified {
  readonly kind: 'verified';
}

/** What the hub issued in place of the certificate that the device came in with: not judged yet, and not proven by a connection. */
export interface HubRenewed {
  readonly kind: 'renewed';
  /** As sent: an array of base64 DER, leaf first, where the hub keeps to its protocol. */
  readonly certificates: unknown;
  readonly correlationId?: string;
  /** From the request to the certificate. */
  readonly durationMs: number;
  /** The `$rid` of another request of this device that the hub responded to meanwhile: of a run that was cut off, or of another client. */
  readonly otherRequest?: string;
}

/** How the hub names a renewal that it has accepted (202). */
export interface RenewalOperation {
  readonly correlationId?: string;
  /** As sent: a time with nine decimals. */
  readonly operationExpires?: string;
}

/** Assigned, but the device did not get into its hub. */
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
  /** The name that DPS gave is neither under Azure's own suffixes nor in the configured probe's `expect.assignedHub`: no credential was sent there. */
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

/** The hub's own details of an error, bounded. */
export type RenewalInfo = Readonly<Record<string, string | number | boolean>>;

/** The hub did not finish the renewal before the deadline. With the operation's names where it had accepted the request (202). */
export interface RenewalTimedOut extends TimedOut, RenewalOperation {}
