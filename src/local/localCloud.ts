import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalAuthority, type IssuedCertificate, type LocalAuthority } from '../emulator/certificates.ts';
import { createDeviceRegistry } from '../emulator/deviceRegistry.ts';
import { startDps } from '../emulator/dps/startDps.ts';
import { startHub } from '../emulator/hub/startHub.ts';
import { startAppInsights } from './appInsights/appInsights.ts';
import { startAzurite } from './azurite.ts';
import { startKeyVault } from './keyVault/keyVault.ts';
import { readLocalSecrets } from './localSecrets.ts';
import { startManagedIdentity } from './managedIdentity/managedIdentity.ts';
import { createSampleCertificate, sampleDps, sampleProbes, sampleSchedule, sampleSecrets } from './samples.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The running stand-ins, and the settings for the app that refer to them. */
export interface LocalCloud {
  /** The given environment plus these settings, for the functions host. */
  readonly environment: Environment;
  readonly standIns: readonly StandIn[];
  /** False when the probes are the samples, which only use the stand-in. */
  readonly ownProbes: boolean;
  /** Stops everything. */
  close(): Promise<void>;
}

export interface StandIn {
  readonly name: string;
  readonly address: string;
}

export interface LocalCloudOptions {
  /** Stores data between starts; default: in memory. */
  readonly dataDirectory?: string | undefined;
  /** Adds a sample probe that fails. */
  readonly failingSample?: boolean;
}

/**
 * Starts a stand-in for each service that the given environment does not configure: a vault, a storage account, Application Insights, or
 * DPS for the sample probes.
 *
 * @throws a sentence with the next step
 */
export async function startLocalCloud(given: Environment, options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const folder = await mkdtemp(join(tmpdir(), 'dps-canary-'));
  const started: { readonly close: () => Promise<unknown> }[] = [
    { close: () => rm(folder, { recursive: true, force: true }) },
  ];
  const close = async () => void (await Promise.allSettled(started.toReversed().map((standIn) => standIn.close())));
  const keep = <T extends { close(): Promise<unknown> }>(standIn: T): T => {
    started.push(standIn);
    return standIn;
  };
  // The slowest one, in its own process; the others start meanwhile.
  const storage = has(given, 'AzureWebJobsStorage') ? Promise.resolve(nothing) : azurite(keep, options.dataDirectory);
  storage.catch(() => undefined); // It may fail before it is awaited below.
  const [authority, certificate] = await Promise.all([createLocalAuthority(), createSampleCertificate()]);
  const ownProbes = has(given, 'PROBES') || has(given, 'PROBES_FILE');
  const starting = [
    trustStore(given, authority, folder),
    storage,
    ownProbes ? nothing : samples(given, authority, keep, { certificate, withFailing: options.failingSample ?? false }),
    has(given, 'KEY_VAULT_URL') ? nothing : keyVault(given, authority, keep, sampleSecrets(certificate)),
    has(given, 'APPLICATIONINSIGHTS_CONNECTION_STRING') ? nothing : appInsights(authority, keep),
  ];
  try {
    const parts = await Promise.all(starting);
    return {
      environment: Object.assign({}, given, ...parts.map(({ settings }) => settings)),
      standIns: parts.flatMap(({ standIns }) => standIns),
      ownProbes,
      close,
    };
  } catch (error) {
    await Promise.allSettled(starting); // stop those, too, that start after the error
    await close();
    throw error;
  }
}

interface Part {
  readonly settings: Environment;
  readonly standIns: readonly StandIn[];
}

type Keep = <T extends { close(): Promise<unknown> }>(standIn: T) => T;

const nothing: Part = { settings: {}, standIns: [] };

/** By Functions' convention: the setting itself, or one of its identity-based form (`AzureWebJobsStorage__accountName`, …). */
function has(given: Environment, setting: string): boolean {
  return Object.entries(given).some(
    ([name, value]) => value?.trim() && (name === setting || name.startsWith(`${setting}__`)),
  );
}

/** Node adds only one file to its trust store, so this file has the previously trusted certificates and the stand-ins' root. */
async function trustStore(given: Environment, authority: LocalAuthority, folder: string): Promise<Part> {
  const file = join(folder, 'trusted.pem');
  const already = given.NODE_EXTRA_CA_CERTS ? await readFile(given.NODE_EXTRA_CA_CERTS, 'utf8').catch(() => '') : '';
  await writeFile(file, `${already}\n${authority.caPem}`);
  return { settings: { NODE_EXTRA_CA_CERTS: file }, standIns: [] };
}

async function azurite(keep: Keep, directory: string | undefined): Promise<Part> {
  const storage = keep(await startAzurite(directory === undefined ? {} : { directory }));
  return {
    settings: { AzureWebJobsStorage: storage.connectionString },
    standIns: [{ name: 'Storage (Azurite)', address: storage.tableServiceUri }],
  };
}

interface SampleOptions {
  readonly certificate: IssuedCertificate;
  readonly withFailing: boolean;
}

async function samples(
  given: Environment,
  authority: LocalAuthority,
  keep: Keep,
  { certificate, withFailing }: SampleOptions,
): Promise<Part> {
  const registry = createDeviceRegistry();
  const hub = keep(await startHub({ certificate: await authority.issueServer(), registry }));
  const hubName = `localhost:${hub.port}`;
  const dps = keep(
    await startDps({
      configuration: sampleDps(hubName, certificate),
      certificate: await authority.issueServer(),
      registry,
    }),
  );
  const endpoint = `localhost:${dps.mqttsPort}`;
  return {
    settings: {
      PROBES: JSON.stringify(sampleProbes(endpoint, hubName, withFailing)),
      PROBE_SCHEDULE: given.PROBE_SCHEDULE?.trim() || sampleSchedule,
    },
    standIns: [
      { name: 'DPS', address: `mqtts://${endpoint}, wss://localhost:${dps.wssPort}` },
      { name: 'IoT Hub', address: `mqtts://${hubName}` },
    ],
  };
}

async function keyVault(
  given: Environment,
  authority: LocalAuthority,
  keep: Keep,
  ofSamples: ReturnType<typeof sampleSecrets>,
): Promise<Part> {
  const identity = keep(await startManagedIdentity());
  const { tenantId, checkToken } = identity;
  const local = await readLocalSecrets(given.LOCAL_SECRETS_FILE);
  if (local.kind === 'invalid')
    throw new Error(local.errors.map((error) => `${error.path}: ${error.message}`).join('\n'));
  const secrets = { ...ofSamples, ...local.secrets };
  const vault = keep(
    await startKeyVault({ certificate: await authority.issueServer(), tenantId, checkToken, secrets }),
  );
  return {
    settings: {
      KEY_VAULT_URL: vault.url,
      IDENTITY_ENDPOINT: identity.endpoint,
      IDENTITY_HEADER: identity.header,
      AZURE_CLIENT_ID: identity.clientId,
    },
    standIns: [
      { name: 'Key Vault', address: vault.url },
      { name: 'Managed identity', address: identity.endpoint },
    ],
  };
}

async function appInsights(authority: LocalAuthority, keep: Keep): Promise<Part> {
  const ingestion = keep(await startAppInsights({ certificate: await authority.issueServer() }));
  const address = /IngestionEndpoint=([^;]+)/.exec(ingestion.connectionString)?.[1] ?? '';
  return {
    settings: { APPLICATIONINSIGHTS_CONNECTION_STRING: ingestion.connectionString },
    standIns: [{ name: 'Application Insights', address }],
  };
}
