import type { TransportFailure } from '../transport/transportFailure.ts';

/** How far the verification goes: a CONNACK, a PUBACK of one telemetry message, or an answer with the twin. */
export type HubVerification = 'connect' | 'telemetry' | 'twin';

/** Every way in which a verification of the assigned hub can end. */
export type HubResult = HubVerified | HubRefused;

export interface HubVerified {
  readonly kind: 'verified';
  readonly verification: HubVerification;
}

/** Assigned, but the device did not get into its hub. */
export interface HubRefused {
  readonly kind: 'hubRefused';
  readonly phase: 'hub';
  readonly assignedHub: string;
  readonly deviceId: string;
  readonly verification: HubVerification;
  readonly cause: HubRefusal;
}

export type HubRefusal =
  | TransportFailure
  /** The name that DPS gave is neither under Azure's own suffixes nor in the configured probe's `expect.assignedHub`: no credential was sent there. */
  | { readonly kind: 'hubNotAllowed'; readonly message: string }
  /** The twin was asked for, and the answer was another status than 200. */
  | { readonly kind: 'twinRejected'; readonly status: number; readonly message: string };
