import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient, TableServiceClient } from '@azure/data-tables';
import { createLocalAuthority, type IssuedCertificate } from '../../src/emulator/certificates.ts';
import { createDeviceRegistry } from '../../src/emulator/deviceRegistry.ts';
import type { DpsConfigurationInput } from '../../src/emulator/dps/dpsConfiguration.ts';
import { type RunningDps, startDps } from '../../src/emulator/dps/startDps.ts';
import { startHub } from '../../src/emulator/hub/startHub.ts';
import { type AppInsights, startAppInsights } from '../../src/local/appInsights/appInsights.ts';
import { type Azurite, startAzurite } from '../../src/local/azurite.ts';
import { type KeyVault, startKeyVault } from '../../src/local/keyVault/keyVault.ts';
import type { LocalSecret } from '../../src/local/keyVault/secretStore.ts';
import { type ManagedIdentity, startManagedIdentity } from '../../src/local/managedIdentity/managedIdentity.ts';
import { recordOutput } from './recordOutput.ts';

/** Stand-ins for all services of the app, through which a test can inspect requests and inject faults. */
export interface CloudStandIns {
  readonly dps: RunningDps;
  readonly vault: KeyVault;
  readonly appInsights: AppInsights;
  readonly azurite: Azurite;
  readonly identity: ManagedIdentity;
  /** The certificate of all stand-ins, issued by the CA in `caPem`. */
  readonly certificate: IssuedCertificate;
  readonly caPem: string;
  /** As assigned: `host:port`. */
  readonly hub: string;
  /** The settings that point an app at all stand-ins; the test adds `PROBES`. */
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface CloudOptions {
  readonly dps: DpsConfigurationInput;
  readonly secrets: Readonly<Record<string, string | LocalSecret>>;
}

export async function startCloudStandIns({ dps: configuration, secrets }: CloudOptions): Promise<CloudStandIns> {
  const authority = await createLocalAuthority();
  const registry = createDeviceRegistry();
  const certificate = await authority.issueServer();
  const identity = await startManagedIdentity();
  const { tenantId, checkToken } = identity;
  const [hub, vault, appInsights, azurite, folder] = await Promise.all([
    startHub({ certificate, registry }),
    startKeyVault({ certificate, tenantId, checkToken, secrets }),
    startAppInsights({ certificate }),
    startAzurite(),
    mkdtemp(join(tmpdir(), 'cloud-stand-ins-')),
  ]);
  const hubName = `localhost:${hub.port}`;
  const dps = await startDps({ configuration: { iotHubs: [hubName], ...configuration }, certificate, registry });
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, authority.caPem);
  return {
    dps,
    vault,
    appInsights,
    azurite,
    identity,
    certificate,
    caPem: authority.caPem,
    hub: hubName,
    settings: {
      KEY_VAULT_URL: vault.url,
      IDENTITY_ENDPOINT: identity.endpoint,
      IDENTITY_HEADER: identity.header,
      AZURE_CLIENT_ID: identity.clientId,
      AzureWebJobsStorage: azurite.connectionString,
      APPLICATIONINSIGHTS_CONNECTION_STRING: appInsights.connectionString,
      NODE_EXTRA_CA_CERTS: caFile,
    },
    async close() {
      recordOutput('storage', await readTables(azurite.connectionString));
      recordOutput('telemetry', JSON.stringify(appInsights.envelopes));
      await Promise.all([dps, hub, vault, appInsights, azurite, identity].map((standIn) => standIn.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Every row of every table; nothing if a test has stopped the storage. */
async function readTables(connectionString: string): Promise<string> {
  const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
  const rows: string[] = [];
  try {
    for await (const { name } of TableServiceClient.fromConnectionString(connectionString, options).listTables()) {
      if (name === undefined) continue;
      const table = TableClient.fromConnectionString(connectionString, name, options);
      for await (const row of table.listEntities()) rows.push(`${name} ${JSON.stringify(row)}`);
    }
  } catch {
    rows.push('the storage is not available');
  }
  return rows.join('\n');
}
