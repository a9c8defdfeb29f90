import { type Configuration, configuration } from '../config/configuration.ts';
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
 * The services that all functions share, created from the configuration on first use. Connections open, and most libraries load, only
 * when they are needed.
 */
export interface Services {
  readonly settings: Settings;
  readonly probes: readonly Probe[];
  readonly identity: AzureIdentity;
  readonly secrets: SecretReader;
  /** Reads from the vault each time and never from the cache of the probes, which it leaves unchanged. */
  readonly freshSecrets: SecretReader;
  /** Prevent two simultaneous runs of one device, also by different processes. */
  readonly leases: DeviceLeases;
  /** Absent if no storage is configured. */
  readonly openTable?: OpenTables;
  readonly history?: OutcomeHistory;
  /** Absent if the app's own account has no queues. */
  readonly openQueue?: OpenQueues;
  /** Absent if Application Insights is not configured. */
  readonly availability?: Availability;
  /** Absent if no OpenTelemetry collector is configured. */
  readonly openTelemetry?: OtlpTelemetry;
}

export type ConfiguredServices =
  | { readonly kind: 'configured'; readonly services: Services }
  | { readonly kind: 'misconfigured'; readonly errors: readonly ConfigurationError[] };

let memoised: ConfiguredServices | undefined;

/** The services of this process, created on the first call, or the errors of its configuration. */
export function services(): ConfiguredServices {
  memoised ??= servicesOf(configuration());
  return memoised;
}

/** Needed when the functions are registered, so it must also work with an invalid configuration. */
export function publicPagesAuthLevel(): 'function' | 'anonymous' {
  const parsed = configuration();
  return parsed.kind === 'valid' ? parsed.settings.statusPageAuth : 'function';
}

function servicesOf(parsed: Configuration): ConfiguredServices {
  if (parsed.kind === 'invalid') return { kind: 'misconfigured', errors: parsed.errors };
  return { kind: 'configured', services: createServices(parsed.settings, parsed.probes) };
}

/** Creates the services of a valid configuration. */
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
