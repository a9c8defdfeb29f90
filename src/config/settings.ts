import * as z from 'zod/mini';
import { type Ingestion, parseIngestion } from './applicationInsights.ts';
import { keyVaultName } from './attestationSchema.ts';
import { type ConfigurationError, explainIssue, toErrors } from './configurationErrors.ts';
import { days, type Environment, httpsOrigin, identityClientId, isUsableHost, printableText } from './formats.ts';
import { scheduleError } from './schedule.ts';
import {
  parseOutcomesStorage,
  parseQueueStorage,
  type StorageConnection,
  storageSettingsSchema,
} from './storageConnection.ts';

/** The parsed application settings. An absent field is not configured: the app works without it and reports that. */
export interface Settings {
  /** Origin of the vault, without a trailing slash. */
  readonly keyVaultUrl?: string;
  /** NCRONTAB, UTC. */
  readonly probeSchedule: string;
  /** Where this instance probes from. */
  readonly location: string;
  /** All locations that probe the same ID scopes and share the history, including this one. */
  readonly locations: readonly string[];
  /** Tables: outcomes and simulations. */
  readonly outcomesStorage?: StorageConnection;
  /** Queues, in the app's own account: simulation batches. */
  readonly queueStorage?: StorageConnection;
  /** Where availability results are sent. */
  readonly applicationInsights?: Ingestion;
  /** True when OpenTelemetry's settings name a collector; the exporter reads the other settings itself. */
  readonly openTelemetry: boolean;
  readonly identity: IdentitySettings;
  /** For the status page, the badges and the metrics. */
  readonly statusPageAuth: 'function' | 'anonymous';
  readonly outcomeRetentionDays: number;
  /** Names of secrets in the vault: the URL that changes of verdicts are posted to, and the key of the signature. */
  readonly webhook?: { readonly urlSecret: string; readonly keySecret?: string };
}

export interface IdentitySettings {
  /** `managed`: the platform offers a managed identity. `developer`: the developer's own login. */
  readonly kind: 'managed' | 'developer';
  /** Of the user-assigned identity. */
  readonly clientId?: string;
}

export type ParsedSettings =
  | { readonly kind: 'valid'; readonly settings: Settings }
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigurationError[] };

const collectorExpected = 'expected the http or https URL of an OTLP collector, as in https://collector:4318';
const maxLocationCharacters = 64;
const locationName = z.string().check(z.maxLength(maxLocationCharacters), printableText);

const settingsSchema = z.partial(
  z.object({
    KEY_VAULT_URL: httpsOrigin('a key vault, as in https://NAME.vault.azure.net'),
    PROBES: z.string(),
    PROBES_FILE: z.string(),
    PROBE_SCHEDULE: z.string().check(
      z.superRefine((expression, context) => {
        const message = scheduleError(expression);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      }),
    ),
    PROBE_LOCATION: locationName,
    PROBE_LOCATIONS: z.string().check(
      z.maxLength(2000),
      printableText,
      z.refine((list) => namesIn(list).every((name) => name.length <= maxLocationCharacters), {
        error: `expected names of at most ${maxLocationCharacters} characters, separated by commas`,
      }),
    ),
    /** Set by App Service. */
    REGION_NAME: locationName,
    APPLICATIONINSIGHTS_CONNECTION_STRING: z.string(),
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: z.string(),
    OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: collectorExpected, abort: true }).check(
      z.refine((url) => isUsableHost(new URL(url)), { error: collectorExpected }),
      z.refine((url) => !url.includes('@'), {
        error: 'expected a URL without user name and password: use OTEL_EXPORTER_OTLP_HEADERS',
      }),
    ),
    AZURE_CLIENT_ID: identityClientId,
    /** Set by App Service if there is a managed identity. */
    IDENTITY_ENDPOINT: z.string(),
    STATUS_PAGE_AUTH: z.enum(['function', 'anonymous']),
    OUTCOME_RETENTION_DAYS: days,
    WEBHOOK_URL_SECRET: keyVaultName('secret'),
    WEBHOOK_KEY_SECRET: keyVaultName('secret'),
  }),
);

/** Every five minutes (CONTRACT, "Settings"). */
export const defaultProbeSchedule = '0 */5 * * * *';

/** The names of all settings that the app reads. */
export const settingNames: readonly string[] = [
  ...Object.keys(settingsSchema.shape),
  ...Object.keys(storageSettingsSchema.shape),
];

/** Those of `settingNames` that Azure sets. */
export const platformSettingNames: readonly string[] = ['REGION_NAME', 'IDENTITY_ENDPOINT'];

/** The app's settings in an environment, trimmed. An empty setting counts as not set: templates and shells produce them. */
export function ownSettings(environment: Environment): Environment {
  return Object.fromEntries(
    settingNames.map((name) => [name, environment[name]?.trim() || undefined]).filter(([, text]) => text !== undefined),
  );
}

/** Parses all settings except the probes, and returns every error. */
export function parseSettings(environment: Environment): ParsedSettings {
  const own = ownSettings(environment);
  const parsed = settingsSchema.safeParse(own, { error: explainIssue });
  const parsedStorage = storageSettingsSchema.safeParse(own, { error: explainIssue });
  const outcomesStorage = parseOutcomesStorage(own);
  const queueStorage = parseQueueStorage(own);
  const applicationInsights = parseIngestion(
    own.APPLICATIONINSIGHTS_CONNECTION_STRING,
    own.APPLICATIONINSIGHTS_AUTHENTICATION_STRING,
  );

  const errors = [
    ...unresolvedReferences(own),
    ...toErrors(parsed.error?.issues ?? [], ''),
    ...toErrors(parsedStorage.error?.issues ?? [], ''),
    ...[outcomesStorage, queueStorage].filter((storage) => isError(storage)),
    ...(applicationInsights.kind === 'invalid' ? applicationInsights.errors : []),
    ...webhookErrors(own),
  ];
  if (!parsed.success || errors.length > 0) return { kind: 'invalid', errors: oncePerSetting(errors) };

  const { data } = parsed;
  const location = data.PROBE_LOCATION ?? data.REGION_NAME ?? 'local';
  return {
    kind: 'valid',
    settings: {
      probeSchedule: data.PROBE_SCHEDULE ?? defaultProbeSchedule,
      location,
      locations: [...new Set([location, ...namesIn(data.PROBE_LOCATIONS ?? '')])],
      identity: {
        kind: data.IDENTITY_ENDPOINT === undefined ? 'developer' : 'managed',
        ...(data.AZURE_CLIENT_ID === undefined ? {} : { clientId: data.AZURE_CLIENT_ID }),
      },
      openTelemetry: data.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
      statusPageAuth: data.STATUS_PAGE_AUTH ?? 'function',
      outcomeRetentionDays: data.OUTCOME_RETENTION_DAYS ?? 90,
      ...(data.KEY_VAULT_URL === undefined ? {} : { keyVaultUrl: data.KEY_VAULT_URL.replace(/\/$/, '') }),
      ...(outcomesStorage === undefined || isError(outcomesStorage) ? {} : { outcomesStorage }),
      ...(queueStorage === undefined || isError(queueStorage) ? {} : { queueStorage }),
      ...(applicationInsights.kind === 'valid' && { applicationInsights: applicationInsights.ingestion }),
      ...(data.WEBHOOK_URL_SECRET !== undefined && {
        webhook: {
          urlSecret: data.WEBHOOK_URL_SECRET,
          ...(data.WEBHOOK_KEY_SECRET !== undefined && { keySecret: data.WEBHOOK_KEY_SECRET }),
        },
      }),
    },
  };
}

/** A list separated by commas. */
function namesIn(list: string): readonly string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** When App Service cannot read the secret, the setting's value is the reference itself. */
function unresolvedReferences(own: Environment): readonly ConfigurationError[] {
  return Object.entries(own)
    .filter(([, text]) => text?.startsWith('@Microsoft.KeyVault('))
    .map(([path]) => ({
      path,
      message:
        "a Key Vault reference that App Service could not resolve. Check that the app's identity may read the secret",
    }));
}

/** An incomplete webhook is an error, because a notification that is silently not sent is worse than none. */
function webhookErrors(own: Environment): readonly ConfigurationError[] {
  if (own.WEBHOOK_KEY_SECRET === undefined || own.WEBHOOK_URL_SECRET !== undefined) return [];
  const message = 'expected WEBHOOK_URL_SECRET as well: the key signs what is posted to that address';
  return [{ path: 'WEBHOOK_KEY_SECRET', message }];
}

/** Keeps only the first error of each setting, which explains the others. */
function oncePerSetting(errors: readonly ConfigurationError[]): readonly ConfigurationError[] {
  return [...new Map(errors.toReversed().map((error) => [error.path, error])).values()].toReversed();
}

function isError(storage: StorageConnection | ConfigurationError | undefined): storage is ConfigurationError {
  return storage !== undefined && 'path' in storage;
}
