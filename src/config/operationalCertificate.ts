/**
 * Rules and defaults for probes that request an operational certificate (`requestCertificate`). They are in one place because they involve
 * several fields. API versions: DPS device API, "concept-certificate-issuance".
 */

/** The first device API version that accepts a certificate signing request. */
const issuingApiVersion = '2025-07-01-preview';
/** The first device API version that reports `connectionProfile`. */
const profileApiVersion = '2026-11-02-preview';
const defaultApiVersion = '2019-03-31';

const defaultTimeoutSeconds = 60;
/** Issuing is slow: Microsoft's SDK waits 120 s for a renewal. */
export const renewTimeoutSeconds = 180;
/** Each run issues two certificates. */
export const renewEveryMinutes = 60;

interface DependentFields {
  readonly apiVersion?: string | undefined;
  readonly requestCertificate: boolean;
  readonly verifyHub?: string | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly everyMinutes?: number | undefined;
  readonly expect: { readonly connectionProfile?: string | undefined };
}

/** Defaults that depend on other fields. */
export function dependentDefaults(probe: DependentFields) {
  const renews = probe.verifyHub === 'renew';
  const everyMinutes = probe.everyMinutes ?? (renews ? renewEveryMinutes : undefined);
  return {
    apiVersion: probe.apiVersion ?? neededApiVersion(probe)?.version ?? defaultApiVersion,
    timeoutSeconds: probe.timeoutSeconds ?? timeoutSecondsByDefault(probe.verifyHub),
    ...(everyMinutes !== undefined && { everyMinutes }),
  };
}

export function timeoutSecondsByDefault(verifyHub: unknown): number {
  return verifyHub === 'renew' ? renewTimeoutSeconds : defaultTimeoutSeconds;
}

/** An error in one field. */
export interface RuleViolation {
  readonly path: string[];
  readonly message: string;
}

type Unchecked = Readonly<Record<string, unknown>>;

/** Accepts fields of any type. A field that is invalid by itself has its own error, and causes none here. */
export function checkOperationalCertificate(probe: Unchecked, expected: Unchecked): readonly RuleViolation[] {
  const { apiVersion, verifyHub } = probe;
  const requestCertificate = probe.requestCertificate === true;
  const violations: RuleViolation[] = [];
  const needed = neededApiVersion({
    requestCertificate,
    expect: expected.connectionProfile === undefined ? {} : { connectionProfile: '' },
  });
  if (needed && typeof apiVersion === 'string' && isOlder(apiVersion, needed.version)) {
    violations.push({
      path: ['apiVersion'],
      message: `expected ${needed.version} or newer with ${needed.by}, got ${apiVersion}`,
    });
  }
  // Any other value has its own error.
  const isOff = probe.requestCertificate === undefined || probe.requestCertificate === false;
  if (verifyHub === 'renew' && isOff) {
    violations.push({
      path: ['verifyHub'],
      message: 'renew is expected only with requestCertificate true: the hub renews no other certificate',
    });
  }
  const { issuedCertificateDays: days } = expected;
  if (days !== undefined && isOff) {
    violations.push({
      path: ['expect', 'issuedCertificateDays'],
      message: 'expected only with requestCertificate true: no certificate is issued without it',
    });
  }
  const { min, max } = isRecord(days) ? days : {};
  if (typeof min === 'number' && typeof max === 'number' && min > max) {
    violations.push({
      path: ['expect', 'issuedCertificateDays', 'min'],
      message: `expected at most max, which is ${max}, got ${min}`,
    });
  }
  return violations;
}

function neededApiVersion({ requestCertificate, expect }: Pick<DependentFields, 'requestCertificate' | 'expect'>) {
  if (expect.connectionProfile !== undefined) return { version: profileApiVersion, by: 'expect.connectionProfile' };
  return requestCertificate ? { version: issuingApiVersion, by: 'requestCertificate' } : undefined;
}

/** Versions are dates, some followed by `-preview`. Any other text has its own error. */
function isOlder(version: string, than: string): boolean {
  return /^\d{4}-\d{2}-\d{2}(?:-preview)?$/.test(version) && version.slice(0, 10) < than.slice(0, 10);
}

export function isRecord(value: unknown): value is Unchecked {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
