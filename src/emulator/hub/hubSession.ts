import type { DeviceRegistry } from '../deviceRegistry.ts';
import type { RequestHistory } from '../mqtt/requestHistory.ts';
import type { MqttSession } from '../mqtt/session.ts';
import type { Transport } from '../mqtt/wire.ts';
import type { HubFault, HubPhase } from './hubFaults.ts';
import type { Twin } from './twin.ts';

/** What the hub knows of one connected device. */
export interface ConnectedDevice {
  readonly deviceId: string;
  readonly fault: HubFault | undefined;
  readonly subscribed: Set<string>;
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
  | 'publish'
  | 'puback'
  | 'pingreq'
  | 'disconnect'
  | 'close';

/** What every packet handler has at hand. */
export interface Hub {
  readonly registry: DeviceRegistry;
  readonly faults: Readonly<Record<string, HubFault>>;
  readonly history: RequestHistory<HubRequestKind>;
  /** By device id. */
  readonly connected: Map<string, HubSession>;
  readonly twins: Map<string, Twin>;
}

/** The fields that every record has. */
export function packetOf(
  session: HubSession,
  clientId = session.state?.deviceId ?? '',
): { atMs: number; connection: number; transport: Transport; clientId: string } {
  return { atMs: Date.now(), connection: session.number, transport: session.wire.transport, clientId };
}

/** Plays what leaves this packet unanswered; the name of what was injected, or undefined. */
export function playFault(session: HubSession, fault: HubFault | undefined, phase: HubPhase): string | undefined {
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
