import type { IssuedCertificate, LocalAuthority } from '../certificates.ts';
import type { DeviceRegistry } from '../deviceRegistry.ts';
import { listenMqtts, listenWss } from '../mqtt/listen.ts';
import { createRequestHistory, type RequestHistory } from '../mqtt/requestHistory.ts';
import { type MqttService, MqttSession, type SessionEvent } from '../mqtt/session.ts';
import type { Wire } from '../mqtt/wire.ts';
import { handleConnect } from './connect.ts';
import type { Device, Dps, DpsRequestKind, DpsSession } from './device.ts';
import { type DpsConfigurationInput, parseDpsConfiguration } from './dpsConfiguration.ts';
import { handlePublish } from './publish.ts';
import { createServiceState } from './service.ts';
import { handleSubscribe } from './subscribe.ts';
import { responseFilter } from './topics.ts';

export interface DpsOptions {
  readonly configuration: DpsConfigurationInput;
  readonly certificate: IssuedCertificate;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** MQTT over TLS; default any free port. */
  readonly mqttsPort?: number;
  /** MQTT over WebSocket; default any free port. */
  readonly wssPort?: number;
  /** The hub of devices whose enrollment names none, when the configuration links none either. */
  readonly defaultHub?: string;
  /** Where assigned devices are written for the IoT Hub stand-in. */
  readonly registry?: DeviceRegistry;
  /** Only for the listener faults that need a certificate issued. */
  readonly authority?: LocalAuthority;
}

export interface RunningDps {
  readonly idScope: string;
  readonly mqttsPort: number;
  readonly wssPort: number;
  readonly requests: RequestHistory<DpsRequestKind>;
  /** Connections that are open now. */
  readonly connections: () => number;
  /** Leaves no socket, timer or listener. */
  close(): Promise<void>;
}

const nobodysHub = 'dps-stand-in.azure-devices.net';

/** Starts the DPS stand-in. Throws for a bad configuration, with every fault; rejects when a port cannot be had. */
export async function startDps(options: DpsOptions): Promise<RunningDps> {
  const parsed = parseDpsConfiguration(options.configuration);
  if (!parsed.ok) throw new Error(`bad DPS configuration:\n${parsed.faults.join('\n')}`);
  const { configuration } = parsed;
  const [firstHub = options.defaultHub ?? nobodysHub, ...otherHubs] = configuration.iotHubs ?? [];
  const history = createRequestHistory<DpsRequestKind>();
  const dps: Dps = {
    configuration,
    rules: { ...configuration, linkedHubs: [firstHub, ...otherHubs] },
    state: createServiceState(),
    history,
    registry: options.registry,
    counts: new Map(),
  };

  const service = createService(dps);
  let opened = 0;
  const sessions = new Set<DpsSession>();
  const onWire = (wire: Wire) => {
    opened += 1;
    const session: DpsSession = new MqttSession<Device>(wire, opened, service);
    sessions.add(session);
    wire.onClose(() => sessions.delete(session));
  };

  const shared = {
    host: options.host ?? '127.0.0.1',
    certificate: options.certificate,
    authority: options.authority,
    fault: configuration.listenerFault,
    onWire,
  };
  const mqtts = await listenMqtts({ ...shared, port: options.mqttsPort ?? 0 });
  const wss = await listenWss({ ...shared, port: options.wssPort ?? 0 }).catch(async (cause: unknown) => {
    await mqtts.close();
    throw cause;
  });
  return {
    idScope: configuration.idScope,
    mqttsPort: mqtts.port,
    wssPort: wss.port,
    requests: history,
    connections: () => sessions.size,
    close: async () => void (await Promise.all([mqtts.close(), wss.close()])),
  };
}

function createService(dps: Dps): MqttService<Device> {
  return {
    connect: (session, packet) => handleConnect(dps, session, packet),
    subscribe: (session, packet) => handleSubscribe(dps, session, packet),
    publish: (session, packet) => handlePublish(dps, session, packet),
    unsubscribe: (session, topics) => {
      const device = session.state;
      if (device !== undefined && topics.includes(responseFilter)) device.subscribedQos = undefined;
      note(dps, session, 'unsubscribe', { topic: topics.join(' ') });
    },
    notice: (session, event) => note(dps, session, event.kind, detailsOf(event)),
  };
}

function detailsOf(event: SessionEvent): { readonly note?: string; readonly unacknowledged?: number } {
  if (event.kind !== 'close') return {};
  return { unacknowledged: event.unacknowledged, ...(event.why === undefined ? {} : { note: event.why }) };
}

function note(
  { history }: Dps,
  session: DpsSession,
  kind: DpsRequestKind,
  more: { readonly topic?: string; readonly note?: string; readonly unacknowledged?: number },
): void {
  const clientId = session.state?.registrationId ?? '';
  history.record({
    atMs: Date.now(),
    connection: session.number,
    transport: session.wire.transport,
    clientId,
    kind,
    ...more,
  });
}
