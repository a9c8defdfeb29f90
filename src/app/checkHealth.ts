import type { SecretUnavailable } from '../keyvault/secretResult.ts';
import { explainNotRun } from '../outcomes/explanations/notRun.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';
import type { ConfiguredServices, Services } from './services.ts';
import { version } from './version.ts';

export interface HealthReport {
  readonly status: 'healthy' | 'unhealthy';
  readonly version: string;
  readonly checks: readonly HealthCheck[];
}

export interface HealthCheck {
  readonly name: 'configuration' | 'keyVault' | 'storage';
  readonly ok: boolean;
  /** What is wrong, or what was looked at. */
  readonly detail: string;
}

const timeoutMs = 5_000;

/** Asks everything that a probe needs on this side. It says nothing about DPS. */
export async function checkHealth(configured: ConfiguredServices): Promise<HealthReport> {
  const checks =
    configured.kind === 'misconfigured'
      ? configured.errors.map(({ path, message }) => check('configuration', false, `${path}: ${message}`))
      : await Promise.all([
          check('configuration', true, `${configured.services.probes.length} probes`),
          checkKeyVault(configured.services),
          checkStorage(configured.services),
        ]);
  return { status: checks.every(({ ok }) => ok) ? 'healthy' : 'unhealthy', version, checks };
}

/** Reads the secrets that the probes and the webhook name: a vault that responds is not enough where one of them is missing or expired. */
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

/** In the words of an outcome that could not run for the same reason. */
function describe({ kind: cause, ...rest }: SecretUnavailable): string {
  const { next } = explainNotRun({ kind: 'notRun', phase: 'keyVault', cause, ...rest });
  return `${rest.message}. ${next}.`;
}

async function checkStorage({ history, probes }: Services): Promise<HealthCheck> {
  if (!history) return check('storage', false, 'no storage is configured: set OutcomesStorage or AzureWebJobsStorage');
  try {
    await history.latest(probes[0]?.name ?? 'health', AbortSignal.timeout(timeoutMs));
    return check('storage', true, 'the history can be read');
  } catch (error) {
    return check('storage', false, describeStorageError(error));
  }
}

function check(name: HealthCheck['name'], ok: boolean, detail: string): HealthCheck {
  return { name, ok, detail };
}
