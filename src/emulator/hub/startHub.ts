import type { IssuedCertificate } from '../certificates.ts';
import type { DeviceRegistry } from '../deviceRegistry.ts';
import { acceptSessions } from '../mqtt/acceptSessions.ts';
import type { MqttService } from '../mqtt/dispatch.ts';
import { listenMqtt } from '../mqtt/listenMqtt.ts';
import { createRequestHistory, type RequestHistory } from '../mqtt/requestHistory.ts';

import { handleConnect } from './connect.ts';
import type { HubFault } from './hubFaults.ts';
import { type ConnectedDevice, type Hub, type HubRequestKind, packetOf } from './hubSession.ts';
import { handlePublish } from './publish.ts';
import { handleSubscribe } from './subscribe.ts';

export interface HubOptions {
  readonly certificate: IssuedCertificate;
  /** The devices that the DPS stand-in has assigned, to whichever hub: one stand-in plays all hubs. */
  readonly registry: DeviceRegistry;
  /** By device id. */
  readonly faults?: Readonly<Record<string, HubFault>>;
  /** Refuse what the documents do not allow. Default: false. */
  readonly strict?: boolean;
  /** How far a device's clock may be off. Default: 0. */
  readonly clockSkewSeconds?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** MQTT over TLS and over WebSocket on one port, as an assigned hub is one name; default any free port. */
  readonly port?: number;
}

export interface RunningHub {
  readonly port: number;
  readonly requests: RequestHistory<HubRequestKind>;
  readonly connections: () => number;
  /** Leaves no socket, timer or listener. */
  close(): Promise<void>;
}

/** Starts the IoT Hub stand-in. Rejects when the port cannot be had. */
export async function startHub(options: HubOptions): Promise<RunningHub> {
  const delays = new Set<NodeJS.Timeout>();
  const hub: Hub = {
    strict: options.strict ?? false,
    clockSkewSeconds: options.clockSkewSeconds ?? 0,
    renewals: new Map(),
    delay: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          delays.delete(timer);
          resolve();
        }, ms);
        delays.add(timer);
      }),
    registry: options.registry,
    faults: options.faults ?? {},
    history: createRequestHistory<HubRequestKind>(),
    connected: new Map(),
    twins: new Map(),
  };
  const sessions = acceptSessions(createService(hub));
  const listener = await listenMqtt({
    accepts: 'either',
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    certificate: options.certificate,
    onWire: sessions.onWire,
  });
  return {
    port: listener.port,
    requests: hub.history,
    connections: sessions.count,
    close: async () => {
      for (const timer of delays) clearTimeout(timer);
      await listener.close();
    },
  };
}

function createService(hub: Hub): MqttService<ConnectedDevice> {
  return {
    connect: (session, packet) => handleConnect(hub, session, packet),
    subscribe: (session, packet) => handleSubscribe(hub, session, packet),
    publish: (session, packet) => handlePublish(hub, session, packet),
    unsubscribe: (session, topics) => {
      for (const topic of topics) session.state?.subscribed.delete(topic);
      hub.history.record({ ...packetOf(session), kind: 'unsubscribe', topic: topics.join(' ') });
    },
    notice: (session, event) => {
      const deviceId = session.state?.deviceId;
      if (event.kind === 'close' && deviceId !== undefined && hub.connected.get(deviceId) === session)
        hub.connected.delete(deviceId);
      hub.history.record({ ...packetOf(session), ...event });
    },
  };
}
