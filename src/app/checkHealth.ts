import { previousDueTime, scheduleToleranceMs } from '../config/schedule.ts';
import { lastSinkErrors } from '../history/heartbeat.ts';
import type { SecretUnavailable } from '../keyvault/secretResult.ts';
import { explainUnreadableSecret } from '../outcomes/explanations/notRun.ts';
import { webhookReport } from '../status/report/webhookReport.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';
import type { ConfiguredServices, Services } from './services.ts';
import { version } from './version.ts';
import { webhookSource } from './webhookSource.ts';

export interface HealthReport {
  readonly status: 'healthy' | 'unhealthy';
  readonly version: string;
  readonly checks: readonly HealthCheck[];
}

export interface HealthCheck {
  readonly name: 'configuration' | 'keyVault' | 'storage' | 'queue' | 'scheduledRuns' | 'sinks' | 'webhook';
  readonly ok: boolean;
  /** What is wrong, or what was checked. */
  readonly detail: string;
}

const timeoutMs = 5_000;

/** Checks everything that a probe needs on our side, and that the timer calls. It does not check DPS. */
export async function checkHealth(configured: ConfiguredServices, now = new Date()): Promise<HealthReport> {
  const checks =
    configured.kind === 'misconfigured'
      ? configured.errors.map(({ path, message }) => check('configuration', false, `${path}: ${message}`))
      : await checkServices(configured.services, now);
  return { status: checks.every(({ ok }) => ok) ? 'healthy' : 'unhealthy', version, checks };
}

/** All at once, because each may need its whole time limit. */
async function checkServices(services: Services, now: Date): Promise<readonly HealthCheck[]> {
  const checks = await Promise.all([
    check('configuration', true, `${services.probes.length} probes`),
    checkKeyVault(services),
    checkStorage(services),
    checkQueue(services),
    checkScheduledRuns(services, now),
    checkWebhook(services),
  ]);
  return checks.flat();
}

/** Reads every secret that the probes and the webhook name: one of them may be missing or expired although the vault responds. */
async function checkKeyVault({ probes, settings: { webhook }, freshSecrets: secrets }: Services): Promise<HealthCheck> {
  const signal = AbortSignal.timeout(timeoutMs);
  const names = new Set([
    ...probes.map(({ attestation: by }) => (by.type === 'symmetricKey' ? by.secret : by.certificate)),
    ...[webhook?.urlSecret, webhook?.keySecret].filter((name) => name !== undefined),
  ]);
  const results = await Promise.all([...names].map((name) => secrets.read(name, signal)));
  const problems = results.flatMap((result) => (result.kind === 'found' ? [] : [describe(result)]));
  return problems.length > 0
    ? check('keyVault', false, problems.join(' '))
    : check('keyVault', true, `${names.size} secrets can be read`);
}

function describe(secret: SecretUnavailable): string {
  const { next } = explainUnreadableSecret(secret);
  return `${secret.message}. ${next}.`;
}

async function checkStorage({ history, probes }: Services): Promise<HealthCheck> {
  if (!history) return check('storage', false, 'no storage is configured: set OutcomesStorage or AzureWebJobsStorage');
  try {
    await history.latest(probes[0]?.name ?? 'health', AbortSignal.timeout(timeoutMs));
    const rows = history.unreadable();
    const except = rows.length === 0 ? '' : `, except for rows of another program or version: ${rows.join('; ')}`;
    return check('storage', true, `the history can be read${except}`);
  } catch (error) {
    return check('storage', false, describeStorageError(error));
  }
}

/** Of simulations, in the app's own account. Probes run without it. */
async function checkQueue({ openQueue }: Services): Promise<readonly HealthCheck[]> {
  if (!openQueue) return [];
  try {
    const { batchQueueName } = await import('../simulations/store/batchStore.ts');
    await openQueue(batchQueueName).check({ signal: AbortSignal.timeout(timeoutMs) });
    return [check('queue', true, 'the queue of simulations can be used')];
  } catch (error) {
    return [check('queue', false, describeStorageError(error))];
  }
}

/**
 * HTTP may work while the timer does not. Reports an app whose timer has called before and then missed two due times; the timer of a new
 * app has not called yet. The last run that ended also knows which sinks did not accept its outcomes: an alert that reads from them would
 * only fall silent. Storage that cannot be read is reported by the storage check.
 */
async function checkScheduledRuns({ history, settings }: Services, now: Date): Promise<readonly HealthCheck[]> {
  const due = previousDueTime(settings.probeSchedule, now);
  const dueBefore = due && previousDueTime(settings.probeSchedule, due);
  if (!history || !dueBefore) return [];
  const options = { count: 2, signal: AbortSignal.timeout(timeoutMs) };
  const heartbeats = await history.heartbeats('probes', {}, options).catch(() => []);
  const [newest] = heartbeats;
  if (!newest) return [];
  const sinkErrors = lastSinkErrors(heartbeats);
  const sinks = sinkErrors.length > 0 ? [check('sinks', false, `${sinkErrors.join('. ')}.`)] : [];
  if (newest.scheduledMs >= dueBefore.getTime() - scheduleToleranceMs) return sinks;
  const last = new Date(newest.scheduledMs).toISOString();
  const detail = `no scheduled run since ${last}: check that the function runProbes is enabled, and restart the app`;
  return [check('scheduledRuns', false, detail), ...sinks];
}

/** Whether the changes of this location reach the webhook. Storage that cannot be read is the other check's to report. */
async function checkWebhook(services: Services): Promise<readonly HealthCheck[]> {
  const source = webhookSource(services);
  const { probes, settings } = services;
  const stored = await source?.readDeliveries?.(AbortSignal.timeout(timeoutMs)).catch(() => undefined);
  const own = stored?.filter(
    ({ probe, location }) => location === settings.location && probes.some(({ name }) => name === probe),
  );
  const report = webhookReport(source, own);
  const { setting } = report;
  switch (report.state) {
    case 'notConfigured':
    case 'unknown':
      return [];
    case 'off':
      return [check('webhook', false, `${setting} needs a storage: set OutcomesStorage or AzureWebJobsStorage`)];
    case 'idle':
      return [check('webhook', true, `nothing had to be posted to ${setting} so far`)];
    case 'delivered':
      return [check('webhook', true, `the last post to ${setting} was accepted at ${report.lastDelivery.at}`)];
    case 'failing': {
      const { undelivered, lastFailure } = report;
      const changes = undelivered === 1 ? '1 change was' : `${undelivered} changes were`;
      return [check('webhook', false, `${changes} not delivered to ${setting}: ${lastFailure.error}.`)];
    }
  }
}

function check(name: HealthCheck['name'], ok: boolean, detail: string): HealthCheck {
  return { name, ok, detail };
}
