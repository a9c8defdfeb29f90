import type { CredentialPolicy } from '../credentials/credentialPolicy.ts';
import type { DeviceRegistry } from '../deviceRegistry.ts';
import type { RequestHistory } from '../mqtt/requestHistory.ts';
import type { MqttSession } from '../mqtt/session.ts';
import type { Transport } from '../mqtt/wire.ts';
import type { DpsConfiguration } from './dpsConfiguration.ts';
import type { EnrollmentDecision } from './enrollments.ts';
import type { Delivery } from './faults/deliveries.ts';
import type { Fault } from './faults/faults.ts';
import type { ServiceRules, ServiceState } from './service.ts';

/** What the stand-in knows of one connected device. */
export interface Device {
  readonly registrationId: string;
  readonly apiVersion: string;
  readonly decision: EnrollmentDecision;
  readonly faults: readonly Fault[];
  /** Granted to the response filter; undefined: not subscribed. */
  subscribedQos: 0 | 1 | undefined;
  lastDelivery: Delivery | undefined;
}

export type DpsSession = MqttSession<Device>;

export type DpsRequestKind =
  | 'connect'
  | 'subscribe'
  | 'unsubscribe'
  | 'register'
  | 'poll'
  | 'publish'
  | 'puback'
  | 'pingreq'
  | 'disconnect'
  | 'close';

/** What every packet handler needs. */
export interface Dps {
  readonly configuration: DpsConfiguration;
  readonly rules: ServiceRules;
  readonly state: ServiceState;
  readonly history: RequestHistory<DpsRequestKind>;
  readonly registry: DeviceRegistry | undefined;
  /** By name: what issues operational certificates. */
  readonly policies: ReadonlyMap<string, CredentialPolicy>;
  /** Requests by registrationId and phase, for the faults that stop after some. */
  readonly counts: Map<string, number>;
}

interface PacketOrigin {
  readonly atMs: number;
  readonly connection: number;
  readonly transport: Transport;
  readonly clientId: string;
}

/** The fields that every record has: when, on which connection, from whom. */
export function packetOf(session: DpsSession, clientId = session.state?.registrationId ?? ''): PacketOrigin {
  return { atMs: Date.now(), connection: session.number, transport: session.wire.transport, clientId };
}
