import type { ISubscribePacket } from 'mqtt-packet';
import type { IssuedCertificate } from '../certificates.ts';
import type { DeviceRegistry } from '../deviceRegistry.ts';
import { acceptSessions } from '../mqtt/acceptSessions.ts';
import type { MqttService } from '../mqtt/dispatch.ts';
import { listenMqtt } from '../mqtt/listenMqtt.ts';
import { createRequestHistory, type RequestHistory } from '../mqtt/requestHistory.ts';
import { handleConnect } from './connect.ts';
import type { HubFault } from './hubFaults.ts';
import { type ConnectedDevice, type Hub, type HubRequestKind, type HubSession, packetOf } from './hubSession.ts';
import { handlePublish } from './publish.ts';
import { deliverFinishedRenewal } from './renewal.ts';
import { credentialResponseFilter, deviceFilters } from './topics.ts';

/** Section 3.9.3: the return code of a filter that is not granted. */
const refused = 0x80;

export interface HubServiceOptions {
  /** The devices that the DPS stand-in has assigned: one stand-in serves as all hubs. */
  readonly registry: DeviceRegistry;
  /** By device ID. */
  readonly faults?: Readonly<Record<string, HubFault>>;
  /** Refuse what the documents do not allow. Default: false. */
  readonly strict?: boolean;
  /** How far a device's clock may be off, in seconds. Default: 0. */
  readonly clockSkewSeconds?: number;
}

export interface HubOptions extends HubServiceOptions {
  readonly certificate: IssuedCertificate;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** MQTT over TLS and over WebSocket on one port, because an assigned hub is one name. Default: any free port. */
  readonly port?: number;
}

export interface RunningHub {
  readonly port: number;
  readonly requests: RequestHistory<HubRequestKind>;
  readonly connections: () => number;
  /** Leaves no socket, timer or listener. */
  close(): Promise<void>;
}

/** The hub without a listener. */
export interface HubService {
  readonly service: MqttService<ConnectedDevice>;
  readonly requests: RequestHistory<HubRequestKind>;
  /** Cancels unfinished renewals. */
  stop(): void;
}

export function createHubService(options: HubServiceOptions): HubService {
  const timers = new Set<NodeJS.Timeout>();
  const hub: Hub = {
    registry: options.registry,
    faults: options.faults ?? {},
    strict: options.strict ?? false,
    clockSkewSeconds: options.clockSkewSeconds ?? 0,
    history: createRequestHistory<HubRequestKind>(),
    connected: new Map(),
    twins: new Map(),
    renewals: new Map(),
    delay: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          timers.delete(timer);
          resolve();
        }, ms);
        timers.add(timer);
      }),
  };
  return {
    service: createService(hub),
    requests: hub.history,
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** Starts the IoT Hub stand-in. Rejects when the port cannot be opened. */
export async function startHub(options: HubOptions): Promise<RunningHub> {
  const { service, requests, stop } = createHubService(options);
  const sessions = acceptSessions(service);
  const listener = await listenMqtt({
    accepts: 'either',
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    certificate: options.certificate,
    onWire: sessions.onWire,
  });
  return {
    port: listener.port,
    requests,
    connections: sessions.count,
    close: async () => {
      stop();
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

/** SUBSCRIBE: grants a device's own filters at QoS 1 at most; refuses all others. */
function handleSubscribe(hub: Hub, session: HubSession, packet: ISubscribePacket): undefined {
  const device = session.state;
  if (device === undefined) return;
  const filters = deviceFilters(device.deviceId, device.apiVersion);
  const granted = packet.subscriptions.map(({ topic, qos }) => {
    const offered = filters.includes(topic) && device.fault?.kind !== 'subscriptionRefused';
    const answer = offered ? (qos === 0 ? 0 : 1) : refused;
    if (answer !== refused) device.subscribed.set(topic, answer);
    hub.history.record({ ...packetOf(session), kind: 'subscribe', topic, answer });
    return answer;
  });
  session.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted });
  if (device.subscribed.has(credentialResponseFilter)) deliverFinishedRenewal(hub, device.deviceId);
}
