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

/** The state of a connected device. */
export interface Device {
  readonly registrationId: string;
  readonly apiVersion: string;
  readonly decision: EnrollmentDecision;
  readonly faults: readonly Fault[];
  /** The QoS granted to the response filter; undefined: not subscribed. */
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

/** The state that all packet handlers share. */
export interface Dps {
  readonly configuration: DpsConfiguration;
  readonly rules: ServiceRules;
  readonly state: ServiceState;
  readonly history: RequestHistory<DpsRequestKind>;
  readonly registry: DeviceRegistry | undefined;
  /** By name: the policies that issue operational certificates. */
  readonly policies: ReadonlyMap<string, CredentialPolicy>;
  /** Number of requests by registrationId and phase, for faults with `times`. */
  readonly counts: Map<string, number>;
}

interface PacketOrigin {
  readonly atMs: number;
  readonly connection: number;
  readonly transport: Transport;
  readonly clientId: string;
}

/** The fields of every record. */
export function packetOf(session: DpsSession, clientId = session.state?.registrationId ?? ''): PacketOrigin {
  return { atMs: Date.now(), connection: session.number, transport: session.wire.transport, clientId };
}
