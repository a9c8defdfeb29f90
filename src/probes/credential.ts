import type { SecureContext } from 'node:tls';
import type { CredentialFinding } from '../attestation/examineCredential.ts';
import { examineCredential } from '../attestation/examineCredential.ts';
import { createSasToken, deriveDeviceKey } from '../attestation/sasToken.ts';
import { loadX509 } from '../attestation/x509Library.ts';
import type { Probe } from '../config/probe.ts';
import type { SecretFound, SecretResult } from '../keyvault/secretResult.ts';
import { unreadableSecret } from '../outcomes/explanations/notRun.ts';
import type { CredentialExpiry, NotRun } from '../outcomes/outcome.ts';
import { tlsContext } from '../transport/tlsContext.ts';

/** The fields of a probe that decide how its device proves itself. */
export type ProbedDevice = Pick<Probe, 'idScope' | 'registrationId' | 'attestation'>;

/** Reads one secret of the vault by name; a certificate is read as the secret of the same name. Never rejects. */
export type ReadSecret = (name: string, signal: AbortSignal) => Promise<SecretResult>;

/** The credential of one device, for DPS and its hub. It exists in memory for one run only. */
export interface Credential {
  readonly kind: 'credential';
  readonly secureContext: SecureContext;
  /** SAS token for DPS; absent with X.509. */
  readonly password?: string;
  /** SAS token for the hub; absent with X.509. */
  readonly hubPassword?: (resource: string) => string;
  readonly expiry: CredentialExpiry;
  /** Findings about it that do not prevent its use. */
  readonly findings: readonly CredentialFinding[];
  /** Every secret that the run uses, to be redacted from its facts. Tokens for hubs are added when they are created. */
  readonly secrets: readonly string[];
}

/** Creates the device's credential from the vault's secret, or returns why the probe cannot run. */
export async function readCredential(
  probe: ProbedDevice,
  readSecret: ReadSecret,
  signal: AbortSignal,
): Promise<Credential | NotRun> {
  const { attestation } = probe;
  const secret = await readSecret(secretName(probe), signal);
  if (secret.kind !== 'found') {
    if (!signal.aborted) return unreadableSecret(secret);
    return { kind: 'notRun', phase: 'keyVault', cause: 'timedOut', message: secret.message };
  }
  switch (attestation.type) {
    case 'symmetricKey':
      return symmetricKeyCredential(probe, attestation, secret);
    case 'x509': {
      const { x509Credential } = await import('./x509Credential.ts');
      const {
        findings,
        secureContext,
        notAfter,
        secrets = [],
      } = await x509Credential(probe.registrationId, attestation, secret);
      if (!secureContext) return invalidCredential(findings);
      const expiry = { ...secretExpiry(secret), ...(notAfter && { certificateNotAfter: notAfter }) };
      return { kind: 'credential', secureContext, expiry, findings, secrets };
    }
  }
}

/** Loads the modules that this probe's credential needs, so that no module loads inside a measured phase. */
export async function loadCredentialCode({
  attestation,
  requestCertificate,
}: Pick<Probe, 'attestation' | 'requestCertificate'>): Promise<void> {
  if (attestation.type === 'symmetricKey' && !requestCertificate) return;
  await Promise.all([
    loadX509(),
    ...(attestation.type === 'x509' ? [import('./x509Credential.ts'), import('../attestation/pkcs12.ts')] : []),
  ]);
}

/** The Key Vault object that a probe's credential is read from. */
export function secretName({ attestation }: Pick<Probe, 'attestation'>): string {
  return attestation.type === 'symmetricKey' ? attestation.secret : attestation.certificate;
}

type SymmetricKey = Extract<Probe['attestation'], { type: 'symmetricKey' }>;

async function symmetricKeyCredential(
  { idScope, registrationId }: ProbedDevice,
  { secret: name, enrollment, tokenLifetimeSeconds }: SymmetricKey,
  secret: SecretFound,
): Promise<Credential | NotRun> {
  const { credential, findings } = await examineCredential({
    subject: `secret "${name}"`,
    value: secret.value,
    attestation: 'symmetricKey',
    enrollment,
  });
  if (credential?.type !== 'symmetricKey') return invalidCredential(findings);
  const { key } = credential;
  const deviceKey = enrollment === 'group' ? deriveDeviceKey(key, registrationId) : key;
  const expiresAtSeconds = Math.floor(Date.now() / 1000) + tokenLifetimeSeconds;
  const password = createSasToken({
    resource: `${idScope}/registrations/${registrationId}`,
    key: deviceKey,
    expiresAtSeconds,
    policy: 'registration',
  });
  const secrets = [password, key.toString('base64'), deviceKey.toString('base64')];
  return {
    kind: 'credential',
    secureContext: tlsContext(),
    password,
    hubPassword(resource) {
      const token = createSasToken({ resource, key: deviceKey, expiresAtSeconds });
      secrets.push(token);
      return token;
    },
    expiry: secretExpiry(secret),
    findings,
    secrets,
  };
}

function secretExpiry({ expiresOn }: SecretFound): CredentialExpiry {
  return expiresOn ? { secretExpiresOn: expiresOn } : {};
}

/** The first error is the reason why the probe cannot run. */
function invalidCredential(findings: readonly CredentialFinding[]): NotRun {
  const error = findings.find(({ severity }) => severity === 'error');
  const { problem: detail, message = 'the credential cannot be used' } = error ?? {};
  return { kind: 'notRun', phase: 'keyVault', cause: 'invalidCredential', message, ...(detail && { detail }) };
}
