import { examineCredential } from '../../attestation/examineCredential.ts';
import type { Probe } from '../../config/probe.ts';
import type { Settings } from '../../config/settings.ts';
import type { SecretUnavailable } from '../../keyvault/secretResult.ts';
import { daysLeft } from '../../outcomes/expiries.ts';
import { explain } from '../../outcomes/explanations/explain.ts';
import { explainUnreadableSecret } from '../../outcomes/explanations/notRun.ts';
import { type ReadSecret, secretName } from '../../probes/credential.ts';
import { x509Credential } from '../../probes/x509Credential.ts';
import { describeStorageError } from '../../storage/describeStorageError.ts';
import { openTables } from '../../storage/openTables.ts';
import { createDeadline } from '../../transport/deadline.ts';
import { dial } from '../../transport/dial.ts';
import { parseEndpoint } from '../../transport/endpoint.ts';
import { createRecorder } from '../../transport/recorder.ts';
import { tlsContext } from '../../transport/tlsContext.ts';

/** The result of one check, without registering a device. */
export interface OnlineCheck {
  readonly subject: string;
  /** `error`: a probe could not run, or an outcome could not be stored. */
  readonly level: 'ok' | 'warning' | 'error';
  readonly message: string;
  /** The affected probes. */
  readonly probes?: readonly string[];
}

const timeoutMs = 15_000;
/** Warn when a certificate or secret expires within this time. */
const soonDays = 14;

/** Checks the secrets, the endpoints, the storage and, through them, the identity, in parallel. Never rejects. */
export async function checkOnline(
  settings: Settings,
  probes: readonly Probe[],
  readSecret: ReadSecret,
): Promise<readonly OnlineCheck[]> {
  const bySecret = Map.groupBy(probes, secretName);
  const byEndpoint = Map.groupBy(
    probes,
    ({ globalDeviceEndpoint, transport }) => `${globalDeviceEndpoint} ${transport}`,
  );
  const checks = await Promise.all([
    ...[...bySecret].map(([name, [first, ...others]]) =>
      first === undefined ? [] : checkSecret(name, [first, ...others], readSecret),
    ),
    ...[...byEndpoint.values()].map(checkEndpoint),
    checkStorageAccess(settings),
    checkWebhook(settings, readSecret),
  ]);
  return checks.flat();
}

async function checkSecret(
  name: string,
  probes: readonly [Probe, ...Probe[]],
  readSecret: ReadSecret,
): Promise<readonly OnlineCheck[]> {
  const subject = `secret ${name}`;
  const names = probes.map((probe) => probe.name);
  const secret = await readSecret(name, AbortSignal.timeout(timeoutMs));
  if (secret.kind !== 'found') {
    return [{ subject, level: 'error', message: describeUnreadable(secret), probes: names }];
  }
  const checks: OnlineCheck[] = [];
  if (secret.expiresOn !== undefined && expiresSoon(secret.expiresOn)) {
    const message = `expires on ${secret.expiresOn.slice(0, 10)}: store a new version`;
    checks.push({ subject, level: 'warning', message, probes: names });
  }
  let form = '';
  for (const { attestation, registrationId, name: probe } of probes) {
    const examined = await examineCredential({
      subject: `secret "${name}"`,
      value: secret.value,
      attestation: attestation.type,
      enrollment: attestation.enrollment,
      ...(attestation.enrollment === 'individual' && { registrationId }),
    });
    form = examined.form;
    // OpenSSL decides last, as in a run: a key may be too short for TLS, or of a kind that it does not use.
    const isUsed = attestation.type === 'x509' && examined.credential !== undefined;
    const presented = isUsed ? await x509Credential(registrationId, attestation, secret) : { findings: [] };
    const unusable = presented.findings.filter(({ problem }) => problem === 'unusableKey');
    for (const { severity, message, next } of [...examined.findings, ...unusable]) {
      const level = severity === 'error' ? 'error' : 'warning';
      checks.push({ subject, level, message: sentence(message, next), probes: [probe] });
    }
    const { credential } = examined;
    if (credential?.type === 'x509' && expiresSoon(credential.bundle.notAfter)) {
      const message = `its certificate expires on ${credential.bundle.notAfter.slice(0, 10)}: renew it`;
      checks.push({ subject, level: 'warning', message, probes: [probe] });
    }
  }
  return checks.length > 0 ? checks : [{ subject, level: 'ok', message: form, probes: names }];
}

/** Checks DNS, TCP and TLS, and then closes the connection. */
async function checkEndpoint(probes: readonly Probe[]): Promise<readonly OnlineCheck[]> {
  const [probe] = probes;
  if (probe === undefined) return [];
  const endpoint = parseEndpoint(probe.globalDeviceEndpoint, probe.transport);
  const subject = `endpoint ${endpoint.host}:${endpoint.port}`;
  const names = probes.map(({ name }) => name);
  const deadline = createDeadline(timeoutMs);
  const dialled = await dial(endpoint, tlsContext(), { recorder: createRecorder('dns'), deadline });
  deadline.end();
  if (dialled.kind === 'notDialled') {
    const { what, next } = explain(dialled.failure, probe);
    return [{ subject, level: 'error', message: sentence(what, next), probes: names }];
  }
  const { address, tlsProtocol, rootFingerprint256: root, chain = [] } = dialled.server();
  dialled.socket.destroy();
  const unexpected = probes.filter(
    ({ expect: { rootFingerprints: expected } }) =>
      expected !== undefined && root !== undefined && !expected.some((one) => one.toUpperCase() === root),
  );
  const expiring = chain.filter(({ notAfter }) => expiresSoon(notAfter));
  const checks: OnlineCheck[] = [
    ...unexpected.map(({ name }): OnlineCheck => {
      return {
        subject,
        level: 'warning',
        message: `its root is ${root}, which expect.rootFingerprints does not list`,
        probes: [name],
      };
    }),
    ...expiring.map(({ subject: of, notAfter }): OnlineCheck => {
      return {
        subject,
        level: 'warning',
        message: `its certificate ${of} expires on ${notAfter.slice(0, 10)}`,
        probes: names,
      };
    }),
  ];
  const rootName = chain.at(-1)?.subject ?? 'unknown';
  const message = `${address}, ${tlsProtocol ?? 'TLS'}, root ${rootName}`;
  return checks.length > 0 ? checks : [{ subject, level: 'ok', message, probes: names }];
}

/** Only its secrets: nothing is posted. */
async function checkWebhook({ webhook }: Settings, readSecret: ReadSecret): Promise<readonly OnlineCheck[]> {
  if (webhook === undefined) return [];
  const { urlSecret, keySecret } = webhook;
  const names = keySecret === undefined ? [urlSecret] : [urlSecret, keySecret];
  const secrets = await Promise.all(names.map((name) => readSecret(name, AbortSignal.timeout(timeoutMs))));
  const problems = secrets.flatMap((secret, index) => {
    if (secret.kind !== 'found') return describeUnreadable(secret);
    if (index > 0 || URL.parse(secret.value.trim())?.protocol === 'https:') return [];
    return sentence(`secret ${urlSecret} does not hold an https URL`, 'Store the whole address of the webhook in it');
  });
  const subject = 'webhook';
  if (problems.length === 0) return [{ subject, level: 'ok', message: 'its secrets can be read' }];
  return problems.map((message) => ({ subject, level: 'error', message }));
}

/** Reads a row that does not exist: the response shows whether the storage is reachable and readable. */
async function checkStorageAccess({ outcomesStorage, identity }: Settings): Promise<readonly OnlineCheck[]> {
  const subject = 'storage';
  if (outcomesStorage === undefined) {
    return [{ subject, level: 'warning', message: 'not configured: set OutcomesStorage or AzureWebJobsStorage' }];
  }
  const tables = openTables(outcomesStorage, {
    managedIdentity: identity.kind === 'managed',
    clientId: identity.clientId,
  });
  try {
    await tables('outcomes').read({ partitionKey: 'validate', rowKey: 'none' }, { limitMs: timeoutMs });
    return [{ subject, level: 'ok', message: 'its tables can be read' }];
  } catch (error) {
    return [{ subject, level: 'error', message: describeStorageError(error) }];
  }
}

function describeUnreadable(secret: SecretUnavailable): string {
  return sentence(secret.message, explainUnreadableSecret(secret).next);
}

function expiresSoon(instant: string): boolean {
  return daysLeft({ at: instant }, Date.now()) < soonDays;
}

function sentence(what: string, next: string): string {
  return `${what}. Next: ${next}`;
}
