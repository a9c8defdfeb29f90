import { configuration } from '../config/configuration.ts';
import type { ConfigurationError } from '../config/configurationErrors.ts';
import type { Probe } from '../config/probe.ts';
import type { Settings } from '../config/settings.ts';
import { createOutcomeHistory, type OutcomeHistory } from '../history/history.ts';
import type { AzureIdentity } from '../identity/azureCredential.ts';
import { createSecretReader, type SecretReader } from '../keyvault/secretReader.ts';
import { createDeviceLeases, type DeviceLeases, deviceLeaseTable } from '../probes/deviceLease.ts';
import { createLeases } from '../storage/leases.ts';
import { type OpenQueues, openQueues } from '../storage/openQueues.ts';
import { type OpenTables, openTables } from '../storage/openTables.ts';
import { type Availability, createAvailability } from '../telemetry/appInsights/availability.ts';
import { createOtlpTelemetry, type OtlpTelemetry } from '../telemetry/otlp/otlpTelemetry.ts';

/**
 * What the functions share, created from the configuration on first use. Connections open, and most libraries load, only when they are
 * needed.
 */
export interface Services {
  readonly settings: Settings;
  readonly probes: readonly Probe[];
  readonly identity: AzureIdentity;
  readonly secrets: SecretReader;
  /** Reads from the vault each time and never from the cache of the probes, which it leaves unchanged. */
  readonly freshSecrets: SecretReader;
  /** Keep the runs of a device apart, whichever process starts them. */
  readonly leases: DeviceLeases;
  /** Absent where no storage is configured. */
  readonly openTable?: OpenTables;
  readonly history?: OutcomeHistory;
  /** Absent where the app's own account has no queues. */
  readonly openQueue?: OpenQueues;
  /** Absent where Application Insights is not configured. */
  readonly availability?: Availability;
  /** Absent where no OpenTelemetry collector is configured. */
  readonly openTelemetry?: OtlpTelemetry;
}

export type ConfiguredServices =
  | { readonly kind: 'configured'; readonly services: Services }
  | { readonly kind: 'misconfigured'; readonly errors: readonly ConfigurationError[] };

let made: ConfiguredServices | undefined;

export function services(): ConfiguredServices {
  made ??= make();
  return made;
}

/** Needed when the functions are registered, so it must also work with an invalid configuration. */
export function publicPagesAuthLevel(): 'function' | 'anonymous' {
  const parsed = configuration();
  return parsed.kind === 'valid' ? parsed.settings.statusPageAuth : 'function';
}

function make(): ConfiguredServices {
  const parsed = configuration();
  if (parsed.kind === 'invalid') return { kind: 'misconfigured', errors: parsed.errors };
  return { kind: 'configured', services: createServices(parsed.settings, parsed.probes) };
}

/** Those of one configuration. */
export function createServices(settings: Settings, probes: readonly Probe[]): Services {
  const { keyVaultUrl: vaultUrl } = settings;
  const identity = { managedIdentity: settings.identity.kind === 'managed', clientId: settings.identity.clientId };
  const openTable = settings.outcomesStorage && openTables(settings.outcomesStorage, identity);
  return {
    settings,
    probes,
    identity,
    secrets: vaultUrl ? createSecretReader({ vaultUrl, identity }) : noVault,
    freshSecrets: vaultUrl ? createSecretReader({ vaultUrl, identity, cacheMs: 0, failureCacheMs: 0 }) : noVault,
    leases: createDeviceLeases(openTable && createLeases(openTable(deviceLeaseTable))),
    ...(openTable && { openTable, history: createOutcomeHistory(openTable, settings.location) }),
    ...(settings.queueStorage && { openQueue: openQueues(settings.queueStorage, identity) }),
    ...(settings.applicationInsights && {
      availability: createAvailability({ ingestion: settings.applicationInsights, identity }),
    }),
    ...(settings.openTelemetry && { openTelemetry: createOtlpTelemetry('dps-canary') }),
  };
}

const noVault: SecretReader = {
  load: async () => undefined,
  read: async (secret) => ({ kind: 'unreachable', secret, message: 'KEY_VAULT_URL is not set' }),
  invalidate: () => undefined,
};
