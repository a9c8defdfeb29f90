/**
 * DPS and IoT Hub for other people's devices: both stand-ins with one authority, whose certificate is in a file for the devices to trust.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalAuthority } from './certificates.ts';
import { createDeviceRegistry } from './deviceRegistry.ts';
import type { DpsRequestKind } from './dps/device.ts';
import { type DpsConfigurationInput, parseDpsConfiguration } from './dps/dpsConfiguration.ts';
import { createDpsService, type DpsService } from './dps/startDps.ts';
import type { HubRequestKind } from './hub/hubSession.ts';
import { createHubService, type HubService } from './hub/startHub.ts';
import { acceptSessions } from './mqtt/acceptSessions.ts';
import { type Listener, type ListenOptions, listenMqtt } from './mqtt/listenMqtt.ts';
import type { RecordedRequest } from './mqtt/requestHistory.ts';
import { serveBoth } from './mqtt/serveBoth.ts';

export interface EmulatorOptions {
  readonly configuration: DpsConfigurationInput;
  /** An address of this machine, or `0.0.0.0` for devices elsewhere on the network. */
  readonly host: string;
  readonly mqttsPort: number;
  readonly wssPort: number;
  /** If it equals one of the others (and is not 0), all ports serve both services. */
  readonly hubPort: number;
  /** More names in the server's certificate, for devices whose hosts file points here. */
  readonly names?: readonly string[];
}

export type EmulatorRequest =
  | ({ readonly service: 'dps' } & RecordedRequest<DpsRequestKind>)
  | ({ readonly service: 'hub' } & RecordedRequest<HubRequestKind>);

export interface RunningEmulator {
  readonly idScope: string;
  readonly mqttsPort: number;
  readonly wssPort: number;
  readonly hubPort: number;
  /** The name by which devices reach this machine. */
  readonly name: string;
  /** The assigned hub when neither the enrollment nor the configuration names one. */
  readonly defaultHub: string;
  /** PEM file of the authority that issued the server's certificate; deleted by `close`. */
  readonly caFile: string;
  watch(listener: (request: EmulatorRequest) => void): void;
  close(): Promise<void>;
}

/** Rejects for an invalid configuration, and with Node's error (`EADDRINUSE`, with its `port`) when a port cannot be opened. */
export async function startEmulator(options: EmulatorOptions): Promise<RunningEmulator> {
  const parsed = parseDpsConfiguration(options.configuration);
  if (!parsed.ok) throw new Error(`invalid configuration:\n${parsed.errors.join('\n')}`);
  const { hubFaults: faults, strict, clockSkewSeconds, listenerFault: fault } = parsed.configuration;
  const { host, mqttsPort, wssPort, hubPort, names = [] } = options;
  const name = reachableName(host);
  const isShared = hubPort !== 0 && (hubPort === mqttsPort || hubPort === wssPort);
  const authority = await createLocalAuthority('DPS stand-in');
  const certificate = await authority.issueServer([...new Set([...certificateNames(host), ...names])]);
  const registry = createDeviceRegistry();
  const hub = createHubService({ registry, faults, strict, clockSkewSeconds });

  const listeners: Listener[] = [];
  const listen = async (at: Pick<ListenOptions, 'accepts' | 'port' | 'onWire' | 'fault'>): Promise<number> => {
    const listener = await listenMqtt({ host, certificate, authority, ...at });
    listeners.push(listener);
    return listener.port;
  };
  try {
    const hubListens = isShared
      ? hubPort
      : await listen({ accepts: 'either', port: hubPort, onWire: acceptSessions(hub.service).onWire });
    const defaultHub = isShared ? (names.find(isHubName) ?? name) : `${name}:${hubListens}`;
    const dps = await createDpsService({ configuration: options.configuration, registry, defaultHub });
    const { onWire } = isShared ? acceptSessions(serveBoth(dps.service, hub.service)) : acceptSessions(dps.service);
    const isOnePort = mqttsPort === wssPort && mqttsPort !== 0;
    // A hub has one name for both transports, so its port serves both
    const servesBoth = (port: number) => isOnePort || (isShared && port === hubPort);
    const listenFor = (accepts: 'mqtt' | 'webSocket', port: number) =>
      listen({ accepts: servesBoth(port) ? 'either' : accepts, port, onWire, fault });
    const mqttsListens = await listenFor('mqtt', mqttsPort);
    const wssListens = isOnePort ? wssPort : await listenFor('webSocket', wssPort);
    const folder = await mkdtemp(join(tmpdir(), 'dps-stand-in-'));
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, `${authority.caPem}\n`);
    return {
      idScope: dps.configuration.idScope,
      mqttsPort: mqttsListens,
      wssPort: wssListens,
      hubPort: hubListens,
      name,
      defaultHub,
      caFile,
      watch: (listener) => watchBoth(dps, hub, listener),
      close: async () => {
        hub.stop();
        await Promise.all([...listeners.map(({ close }) => close()), rm(folder, { recursive: true, force: true })]);
      },
    };
  } catch (cause) {
    await Promise.all(listeners.map(({ close }) => close()));
    throw cause;
  }
}

function watchBoth(dps: DpsService, hub: HubService, listener: (request: EmulatorRequest) => void): void {
  dps.requests.watch((request) => listener({ service: 'dps', ...request }));
  hub.requests.watch((request) => listener({ service: 'hub', ...request }));
}

function certificateNames(host: string): string[] {
  const own = ['localhost', '127.0.0.1', '::1'];
  if (!isEveryAddress(host)) return [...own, host];
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  return [...own, hostname(), ...addresses.filter((address) => !address.includes('%'))];
}

/** True for names other than those of DPS. */
function isHubName(name: string): boolean {
  return !/\.azure-devices-provisioning\./.test(`.${name}`);
}

function reachableName(host: string): string {
  if (isEveryAddress(host)) return hostname();
  return host === '127.0.0.1' ? 'localhost' : host;
}

function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
