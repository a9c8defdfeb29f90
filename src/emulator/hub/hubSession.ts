import type { DeviceRegistry, HubDevice } from '../deviceRegistry.ts';
import type { RequestHistory } from '../mqtt/requestHistory.ts';
import type { MqttSession } from '../mqtt/session.ts';
import type { Transport } from '../mqtt/wire.ts';
import type { HubFault, HubPhase } from './hubFaults.ts';
import type { PendingRenewal } from './renewalRequest.ts';
import type { Twin } from './twin.ts';

/** The state of a connected device. */
export interface ConnectedDevice {
  readonly deviceId: string;
  readonly apiVersion: string;
  readonly registered: HubDevice;
  readonly fault: HubFault | undefined;
  /** Filter → granted QoS. */
  readonly subscribed: Map<string, 0 | 1>;
}

export type HubSession = MqttSession<ConnectedDevice>;

export type HubRequestKind =
  | 'connect'
  | 'subscribe'
  | 'unsubscribe'
  | 'telemetry'
  | 'twinGet'
  | 'twinPatch'
  | 'methodResponse'
  | 'renewal'
  | 'renewalFinished'
  | 'publish'
  | 'puback'
  | 'pingreq'
  | 'disconnect'
  | 'close';

/** The state that all packet handlers share. */
export interface Hub {
  readonly registry: DeviceRegistry;
  readonly faults: Readonly<Record<string, HubFault>>;
  /** Refuse what the documents do not allow. */
  readonly strict: boolean;
  readonly clockSkewSeconds: number;
  readonly history: RequestHistory<HubRequestKind>;
  /** By device ID. */
  readonly connected: Map<string, HubSession>;
  readonly twins: Map<string, Twin>;
  /** By device ID: certificate renewals that are not delivered yet. */
  readonly renewals: Map<string, PendingRenewal>;
  /** Never resolves if the hub stops meanwhile. */
  readonly delay: (ms: number) => Promise<void>;
}

/** The fields of every record. */
export function packetOf(
  session: HubSession,
  clientId = session.state?.deviceId ?? '',
): { atMs: number; connection: number; transport: Transport; clientId: string } {
  return { atMs: Date.now(), connection: session.number, transport: session.wire.transport, clientId };
}

/** Injects a fault that leaves this packet without a response. Returns its name, or undefined. */
export function injectFault(session: HubSession, fault: HubFault | undefined, phase: HubPhase): string | undefined {
  if (fault?.kind === 'silent' && fault.at === phase) {
    session.silence();
    return 'silent';
  }
  if (fault?.kind === 'close' && fault.at === phase) {
    session.close('close');
    return 'close';
  }
  return undefined;
}
