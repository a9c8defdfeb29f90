/** DPS and IoT Hub for other people's devices: both stand-ins, one authority, and a file that devices are told to trust. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalAuthority } from './certificates.ts';
import { createDeviceRegistry } from './deviceRegistry.ts';
import type { DpsRequestKind } from './dps/device.ts';
import { type DpsConfigurationInput, parseDpsConfiguration } from './dps/dpsConfiguration.ts';
import { type RunningDps, startDps } from './dps/startDps.ts';
import type { HubRequestKind } from './hub/hubSession.ts';
import { type RunningHub, startHub } from './hub/startHub.ts';
import type { RecordedRequest } from './mqtt/requestHistory.ts';

export interface EmulatorOptions {
  readonly configuration: DpsConfigurationInput;
  /** An address of this machine, or `0.0.0.0` for devices elsewhere on the network. */
  readonly host: string;
  readonly mqttsPort: number;
  readonly wssPort: number;
  readonly hubPort: number;
}

export type EmulatorRequest =
  | ({ readonly service: 'dps' } & RecordedRequest<DpsRequestKind>)
  | ({ readonly service: 'hub' } & RecordedRequest<HubRequestKind>);

export interface RunningEmulator {
  readonly idScope: string;
  readonly mqttsPort: number;
  readonly wssPort: number;
  readonly hubPort: number;
  /** The name under which devices reach this machine: it is in the server's certificate and in every assignment. */
  readonly name: string;
  /** PEM file of the authority that issued the server's certificates; gone after `close`. */
  readonly caFile: string;
  watch(listener: (request: EmulatorRequest) => void): void;
  close(): Promise<void>;
}

/** Rejects with Node's own error (`EADDRINUSE`, with its `port`) when a port cannot be had. */
export async function startEmulator(options: EmulatorOptions): Promise<RunningEmulator> {
  const parsed = parseDpsConfiguration(options.configuration);
  if (!parsed.ok) throw new Error(`bad configuration:\n${parsed.faults.join('\n')}`);
  const authority = await createLocalAuthority('DPS stand-in');
  const certificate = await authority.issueServer(certificateNames(options.host));
  const registry = createDeviceRegistry();
  const name = reachableName(options.host);

  const { host } = options;
  const hub = await startHub({
    host,
    port: options.hubPort,
    certificate,
    registry,
    faults: parsed.configuration.hubFaults,
    strict: parsed.configuration.strict,
    clockSkewSeconds: parsed.configuration.clockSkewSeconds,
  });
  const dps = await startDps({
    host,
    configuration: options.configuration,
    mqttsPort: options.mqttsPort,
    wssPort: options.wssPort,
    certificate,
    registry,
    authority,
    defaultHub: `${name}:${hub.port}`,
  }).catch(async (cause: unknown) => {
    await hub.close();
    throw cause;
  });
  const folder = await mkdtemp(join(tmpdir(), 'dps-stand-in-'));
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, `${authority.caPem}\n`);
  return { ...running(dps, hub), name, caFile, close: () => closeAll(dps, hub, folder) };
}

function running(dps: RunningDps, hub: RunningHub): Omit<RunningEmulator, 'name' | 'caFile' | 'close'> {
  return {
    idScope: dps.idScope,
    mqttsPort: dps.mqttsPort,
    wssPort: dps.wssPort,
    hubPort: hub.port,
    watch: (listener) => {
      dps.requests.watch((request) => listener({ service: 'dps', ...request }));
      hub.requests.watch((request) => listener({ service: 'hub', ...request }));
    },
  };
}

async function closeAll(dps: RunningDps, hub: RunningHub, folder: string): Promise<void> {
  await Promise.all([dps.close(), hub.close(), rm(folder, { recursive: true, force: true })]);
}

function certificateNames(host: string): string[] {
  const own = ['localhost', '127.0.0.1', '::1'];
  if (!isEveryAddress(host)) return [...new Set([...own, host])];
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  return [...new Set([...own, hostname(), ...addresses.filter((address) => !address.includes('%'))])];
}

function reachableName(host: string): string {
  if (isEveryAddress(host)) return hostname();
  return host === '127.0.0.1' ? 'localhost' : host;
}

function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
