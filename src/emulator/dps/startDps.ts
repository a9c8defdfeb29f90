import type { IssuedCertificate, LocalAuthority } from '../certificates.ts';
import { createCredentialPolicies } from '../credentials/credentialPolicy.ts';
import type { DeviceRegistry } from '../deviceRegistry.ts';
import { acceptSessions } from '../mqtt/acceptSessions.ts';
import type { MqttService } from '../mqtt/dispatch.ts';
import { listenMqtt } from '../mqtt/listenMqtt.ts';
import { createRequestHistory, type RequestHistory } from '../mqtt/requestHistory.ts';

import { handleConnect } from './connect.ts';
import { type Device, type Dps, type DpsRequestKind, packetOf } from './device.ts';
import { type DpsConfiguration, type DpsConfigurationInput, parseDpsConfiguration } from './dpsConfiguration.ts';
import { handlePublish } from './publish.ts';
import { createServiceState } from './service.ts';
import { handleSubscribe } from './subscribe.ts';
import { responseFilter } from './topics.ts';

export interface DpsServiceOptions {
  readonly configuration: DpsConfigurationInput;
  /** The assigned hub when neither the enrollment nor the configuration names one. */
  readonly defaultHub?: string;
  /** Receives assigned devices for the IoT Hub stand-in. */
  readonly registry?: DeviceRegistry;
}

export interface DpsOptions extends DpsServiceOptions {
  readonly certificate: IssuedCertificate;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** MQTT over TLS; default any free port. */
  readonly mqttsPort?: number;
  /** MQTT over WebSocket; default any free port. */
  readonly wssPort?: number;
  /** Only for listener faults that need a certificate. */
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

/** The service without a listener. */
export interface DpsService {
  readonly configuration: DpsConfiguration;
  readonly service: MqttService<Device>;
  readonly requests: RequestHistory<DpsRequestKind>;
}

const unlinkedHub = 'dps-stand-in.azure-devices.net';

/** Rejects for an invalid configuration, with every error. */
export async function createDpsService(options: DpsServiceOptions): Promise<DpsService> {
  const parsed = parseDpsConfiguration(options.configuration);
  if (!parsed.ok) throw new Error(`invalid DPS configuration:\n${parsed.errors.join('\n')}`);
  const { configuration } = parsed;
  const [firstHub = options.defaultHub ?? unlinkedHub, ...otherHubs] = configuration.iotHubs ?? [];
  const history = createRequestHistory<DpsRequestKind>();
  const dps: Dps = {
    configuration,
    rules: { ...configuration, linkedHubs: [firstHub, ...otherHubs] },
    state: createServiceState(),
    history,
    registry: options.registry,
    policies: await createCredentialPolicies(configuration.credentialPolicies),
    counts: new Map(),
  };
  return { configuration, service: createService(dps), requests: history };
}

/** Starts the DPS stand-in. Rejects for an invalid configuration, with every error, and when a port cannot be opened. */
export async function startDps(options: DpsOptions): Promise<RunningDps> {
  const { configuration, service, requests } = await createDpsService(options);
  const sessions = acceptSessions(service);
  const shared = {
    host: options.host ?? '127.0.0.1',
    certificate: options.certificate,
    authority: options.authority,
    fault: configuration.listenerFault,
    onWire: sessions.onWire,
  };
  const mqtts = await listenMqtt({ ...shared, accepts: 'mqtt', port: options.mqttsPort ?? 0 });
  const wss = await listenMqtt({ ...shared, accepts: 'webSocket', port: options.wssPort ?? 0 }).catch(
    async (cause: unknown) => {
      await mqtts.close();
      throw cause;
    },
  );
  return {
    idScope: configuration.idScope,
    mqttsPort: mqtts.port,
    wssPort: wss.port,
    requests,
    connections: sessions.count,
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
      dps.history.record({ ...packetOf(session), kind: 'unsubscribe', topic: topics.join(' ') });
    },
    notice: (session, event) => dps.history.record({ ...packetOf(session), ...event }),
  };
}
