import type { SecureContext } from 'node:tls';
import { decodeKey, deriveDeviceKey } from '../attestation/deviceKey.ts';
import { createSasToken } from '../attestation/sasToken.ts';
import type { Probe } from '../config/probe.ts';
import type { SecretFound, SecretResult } from '../keyvault/secretResult.ts';
import type { CredentialExpiry, NotRun } from '../outcomes/outcome.ts';
import { tlsContext } from '../transport/tlsContext.ts';

/** The part of a probe that says how its device proves itself. */
export type ProbedDevice = Pick<Probe, 'idScope' | 'registrationId' | 'attestation'>;

/** Reads one secret of the vault by name; a certificate is read by the secret of the same name. Never rejects. */
export type ReadSecret = (name: string, signal: AbortSignal) => Promise<SecretResult>;

/** What one device proves itself with, at DPS and at its hub. Lives in memory for one run. */
export interface Credential {
  readonly kind: 'credential';
  readonly secureContext: SecureContext;
  /** SAS token for DPS; absent with X.509. */
  readonly password?: string;
  /** SAS token for the hub; absent with X.509. */
  readonly hubPassword?: (resource: string) => string;
  readonly expiry: CredentialExpiry;
}

/** Makes the device's credential from what the vault holds, or says why there is none to look with. */
export async function readCredential(
  probe: ProbedDevice,
  readSecret: ReadSecret,
  signal: AbortSignal,
): Promise<Credential | NotRun> {
  const { attestation } = probe;
  const secret = await readSecret(
    attestation.type === 'symmetricKey' ? attestation.secret : attestation.certificate,
    signal,
  );
  if (secret.kind !== 'found') {
    const { kind: cause, message } = secret;
    return { kind: 'notRun', phase: 'keyVault', cause: signal.aborted ? 'timedOut' : cause, message };
  }
  switch (attestation.type) {
    case 'symmetricKey':
      return symmetricKeyCredential(probe, attestation, secret);
    case 'x509': {
      const { x509Credential } = await import('./x509Credential.ts');
      return x509Credential(probe, attestation, secret);
    }
  }
}

type SymmetricKey = Extract<Probe['attestation'], { type: 'symmetricKey' }>;

function symmetricKeyCredential(
  probe: ProbedDevice,
  attestation: SymmetricKey,
  secret: SecretFound,
): Credential | NotRun {
  const { idScope, registrationId } = probe;
  const key = decodeKey(secret.value);
  if (!key) return invalidCredential(`secret ${attestation.secret} is not a base64 symmetric key`);
  const deviceKey = attestation.enrollment === 'group' ? deriveDeviceKey(key, registrationId) : key;
  const expiresAtSeconds = Math.floor(Date.now() / 1000) + attestation.tokenLifetimeSeconds;
  return {
    kind: 'credential',
    secureContext: tlsContext(),
    password: createSasToken({
      resource: `${idScope}/registrations/${registrationId}`,
      key: deviceKey,
      expiresAtSeconds,
      policy: 'registration',
    }),
    hubPassword: (resource) => createSasToken({ resource, key: deviceKey, expiresAtSeconds }),
    expiry: secretExpiry(secret),
  };
}

export function secretExpiry({ expiresOn }: SecretFound): CredentialExpiry {
  return expiresOn ? { secretExpiresOn: expiresOn } : {};
}

export function invalidCredential(message: string): NotRun {
  return { kind: 'notRun', phase: 'keyVault', cause: 'invalidCredential', message };
}
