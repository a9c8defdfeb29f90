/** The app in this process, with each of its dependencies behind a front that can make it unavailable. */
import { InvocationContext } from '@azure/functions';
import { checkHealth } from '../../src/app/checkHealth.ts';
import { runScheduledProbes } from '../../src/app/runScheduledProbes.ts';
import { createServices, type Services } from '../../src/app/services.ts';
import type { Environment } from '../../src/config/formats.ts';
import { dueTimes } from '../../src/config/schedule.ts';
import { parseSettings } from '../../src/config/settings.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { startSimulation } from '../../src/simulations/startSimulation.ts';
import { openSimulations } from '../../src/simulations/store/openSimulations.ts';
import { renderStatusPage } from '../../src/status/page/overview/statusPage.ts';
import { readStatusReport } from '../../src/status/report/readStatusReport.ts';
import { describeStorageError } from '../../src/storage/describeStorageError.ts';
import { createAvailability } from '../../src/telemetry/appInsights/availability.ts';
import { createOtlpTelemetry } from '../../src/telemetry/otlp/otlpTelemetry.ts';
import { startCloudStandIns } from '../support/cloudStandIns.ts';
import { localProbe } from '../support/localProbe.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';
import { recordOutput } from '../support/recordOutput.ts';
import { trust } from '../support/trust.ts';
import type { Dependency, Misbehaviour } from './dependencies.ts';
import { type Front, startFront } from './front.ts';

const { groupKey } = plantedSecrets;
/** Shorter than the product's ten seconds: nothing else depends on them. */
const ingestionTimeoutMs = 4_000;
const collectorTimeoutMs = 2_000;
/** Azurite separates accounts: each has its own tables and queues. */
const maxAccounts = 400;
const accountKey = plantedSecrets.storageKey;
const accountName = (index: number) => `app${index}`;
const schedule = '0 */5 * * * *';
const periodMs = 5 * 60_000;

/** One app with one probe. It shares the stand-ins with the other apps, and has a storage account of its own. */
export interface AppBehindFronts {
  readonly fronts: Readonly<Record<Dependency, { away: Misbehaviour | undefined }>>;
  /** Calls back in the middle of the next run: when it reads its secret, after it has reserved the device. */
  inTheMiddle(callback: () => void): void;
  /** The next scheduled run: its outcome from the log, and the sinks that did not accept it according to the log. */
  run(): Promise<{ readonly outcome: Outcome; readonly sinkErrors: readonly string[] }>;
  /** What `/api/health` finds wrong. */
  health(): Promise<readonly string[]>;
  /** The headline of the status page, and its notices about this app. */
  page(): Promise<readonly string[]>;
  /** The response to a request for a simulation. */
  simulate(): Promise<string>;
}

export interface AppOptions {
  /** A device of its own. */
  readonly registrationId: string;
  readonly timeoutSeconds: number;
  /** Whether it sends to the collector, which is one for all of them. */
  readonly isCollected: boolean;
}

export interface Apps {
  create(options: AppOptions): Promise<AppBehindFronts>;
  close(): Promise<void>;
}

export async function startApps(): Promise<Apps> {
  const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } } as const;
  process.env.AZURITE_ACCOUNTS = Array.from(
    { length: maxAccounts },
    (_, index) => `${accountName(index)}:${accountKey}`,
  ).join(';');
  const cloud = await startCloudStandIns({
    dps: {
      idScope: '0neLOCAL',
      retryAfterSeconds: 0,
      enrollmentGroups: [{ enrollmentGroupId: 'matrix', attestation }],
    },
    secrets: { 'group-key': groupKey },
  });
  delete process.env.AZURITE_ACCOUNTS;
  trust(cloud.caPem);
  const { identity, certificate, settings } = cloud;
  // MSAL caches the address of the endpoint for the life of the process, and OpenTelemetry's SDK is registered once.
  const identityAway = new Map<string, Misbehaviour | undefined>();
  const [identityFront, collector] = await Promise.all([
    startFront({
      target: identity.endpoint,
      awayFor: (url) => identityAway.get(url.searchParams.get('client_id') ?? ''),
    }),
    startFront({}),
  ]);
  const environment: Environment = {
    IDENTITY_ENDPOINT: `http://127.0.0.1:${identityFront.port}${new URL(identity.endpoint).pathname}`,
    IDENTITY_HEADER: identity.header,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: String(collectorTimeoutMs),
  };
  Object.assign(process.env, environment);
  const openTelemetry = createOtlpTelemetry('dps-canary', collectorTimeoutMs);
  const fronts: Front[] = [identityFront, collector];
  let created = 0;

  async function create({ registrationId, timeoutSeconds, isCollected }: AppOptions): Promise<AppBehindFronts> {
    const account = accountName(created++);
    const [, ingestionUrl = ''] = /IngestionEndpoint=([^;]+)/.exec(cloud.appInsights.connectionString) ?? [];
    const ownFronts = await Promise.all([
      startFront({ target: cloud.vault.url, certificate }),
      startFront({ target: cloud.azurite.tableServiceUri }),
      startFront({ target: cloud.azurite.queueServiceUri }),
      startFront({ target: ingestionUrl, certificate }),
    ]);
    fronts.push(...ownFronts);
    const [vault, storage, queue, ingestionFront] = ownFronts;
    const clientId = identity.assignIdentity();
    const parsed = parseSettings({
      ...environment,
      KEY_VAULT_URL: `https://localhost:${vault.port}`,
      AZURE_CLIENT_ID: clientId,
      AzureWebJobsStorage: `${settings.AzureWebJobsStorage}`
        .replace(/AccountName=[^;]+/, `AccountName=${account}`)
        .replace(/AccountKey=[^;]+/, `AccountKey=${accountKey}`)
        .replace(cloud.azurite.tableServiceUri, `http://127.0.0.1:${storage.port}/${account}`)
        .replace(cloud.azurite.queueServiceUri, `http://127.0.0.1:${queue.port}/${account}`),
      APPLICATIONINSIGHTS_CONNECTION_STRING: cloud.appInsights.connectionString.replace(
        ingestionUrl,
        `https://localhost:${ingestionFront.port}`,
      ),
      PROBE_SCHEDULE: schedule,
      PROBE_LOCATION: 'here',
    });
    if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.errors));
    const probe = localProbe(cloud.dps, {
      name: 'probe',
      registrationId,
      timeoutSeconds,
      attestation: { type: 'symmetricKey', secret: 'group-key', enrollment: 'group' },
    });
    const identityOfApp = {
      get away() {
        return identityAway.get(clientId);
      },
      set away(how) {
        identityAway.set(clientId, how);
      },
    };
    const { openTelemetry: _, ...own } = createServices(parsed.settings, [probe]);
    const ingestion = parsed.settings.applicationInsights;
    const services = {
      ...own,
      ...(isCollected && { openTelemetry }),
      ...(ingestion && {
        availability: createAvailability({ ingestion, identity: own.identity, timeoutMs: ingestionTimeoutMs }),
      }),
    };
    return appOf(services, { vault, identity: identityOfApp, storage, queue, ingestion: ingestionFront, collector });
  }

  return {
    create,
    async close() {
      for (const name of Object.keys(environment)) delete process.env[name];
      for (const front of fronts) front.close();
      await cloud.close();
    },
  };
}

function appOf(services: Services, fronts: AppBehindFronts['fronts'] & { readonly vault: Front }): AppBehindFronts {
  const { probes, settings, history } = services;
  /** Of the last scheduled run. */
  let now = new Date(Math.floor(Date.now() / periodMs) * periodMs);
  let runs = 0;
  return {
    fronts,
    inTheMiddle(callback) {
      fronts.vault.onNextRequest = callback;
    },
    async run() {
      if (runs++ > 0) now = new Date(now.getTime() + periodMs);
      // Simulates the two minutes after which the cache of secrets expires.
      services.secrets.invalidate('group-key');
      const { context, lines } = createInvocation();
      await runScheduledProbes(services, now, context);
      recordOutput('log', lines.join('\n'));
      const outcomes = lines.filter((line) => line.startsWith('{')).map((line): Outcome => JSON.parse(line));
      const [outcome] = outcomes;
      if (!outcome || outcomes.length !== 1) throw new Error(`expected one outcome in the log, got ${lines}`);
      const sinkErrors = lines.flatMap((line) => /: (\w+) did not accept the outcome: /.exec(line)?.[1] ?? []);
      return { outcome, sinkErrors };
    },
    async health() {
      const { checks } = await checkHealth({ kind: 'configured', services }, now);
      return checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${lasting(detail)}`);
    },
    async page() {
      const { location, probeSchedule } = settings;
      const report = await readStatusReport(history, {
        probes,
        location,
        dueTimes: (probe, fromMs, toMs) => dueTimes(probeSchedule, probe, fromMs, toMs),
        now: new Date(Math.max(Date.now(), now.getTime())),
      });
      const { html } = renderStatusPage(report);
      const said = [...html.matchAll(/<h1>(.*?)<\/h1>|<p class="what">(.*?)<\/p>/gs)];
      return said.map(([, headline = '', what = '']) => lasting(asText(headline || what)));
    },
    async simulate() {
      const { context } = createInvocation();
      const simulations = openSimulations(services, context);
      if (!simulations) throw new Error('storage is configured');
      const [probe] = probes;
      const started = startSimulation({ probe: probe?.name, devices: 1 }, undefined, simulations);
      return started.then(
        ({ kind }) => kind,
        (error) => lasting(describeStorageError(error)),
      );
    },
  };
}

function createInvocation() {
  const lines: string[] = [];
  const context = new InvocationContext({
    functionName: 'runProbes',
    logHandler: (_level, ...words) => void lines.push(words.join(' ')),
  });
  return { context, lines };
}

/** Without markup. */
function asText(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replaceAll('\u00a0', ' ')
    .trim();
}

/** Without what differs each time: ports and times. */
function lasting(text: string): string {
  return text
    .replaceAll(/(127\.0\.0\.1|localhost):\d+/g, '$1')
    .replaceAll(/ since \d\d:\d\d UTC \([^)]*\)/g, '')
    .trim();
}
