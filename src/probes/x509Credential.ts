import type { SecureContext } from 'node:tls';
import { createDeviceCertificateIssuer, type DeviceCertificateIssuer } from '../attestation/deviceCertificate.ts';
import {
  type CredentialExamination,
  type CredentialFinding,
  credentialFinding,
  examineCredential,
} from '../attestation/examineCredential.ts';
import type { SecretFound } from '../keyvault/secretResult.ts';
import { printable } from '../transport/printable.ts';
import { type ClientCertificate, tlsContext } from '../transport/tlsContext.ts';

export interface X509Credential {
  /** Findings about the stored certificate. When `secureContext` is absent, one of them is an error. */
  readonly findings: readonly CredentialFinding[];
  /** Presents the certificate in TLS; there is no password. */
  readonly secureContext?: SecureContext;
  /**
   * Expiry of the certificate that the operator has to renew: the device's own or the group's CA, not the leaf that is valid for an hour.
   * ISO 8601.
   */
  readonly notAfter?: string;
  /** The private key, to be redacted from the run's facts. */
  readonly secrets?: readonly string[];
}

/** `present` issues or returns the certificate for TLS. When it is absent, a finding has the error. */
type Presentable = Omit<X509Credential, 'secureContext' | 'secrets'> & {
  readonly present?: (registrationId: string) => Promise<ClientCertificate>;
};

type Enrollment = 'individual' | 'group';

/** The device's own certificate (`individual`), or a leaf issued for it by the group's CA (`group`). */
export async function x509Credential(
  registrationId: string,
  { certificate, enrollment }: { readonly certificate: string; readonly enrollment: Enrollment },
  secret: SecretFound,
): Promise<X509Credential> {
  const subject = `certificate "${certificate}"`;
  const { present, ...stored } =
    enrollment === 'group'
      ? await authorityOf(subject, secret)
      : ownCertificate(await examine(subject, secret, { enrollment, registrationId }));
  if (!present) return stored;
  try {
    const presented = await present(registrationId);
    return { ...stored, secureContext: tlsContext(presented), secrets: [presented.privateKey] };
  } catch (error) {
    return { findings: [unusableKey(subject, error)] };
  }
}

function examine(
  subject: string,
  { value }: SecretFound,
  device: { readonly enrollment: Enrollment; readonly registrationId?: string },
): Promise<CredentialExamination> {
  return examineCredential({ subject, value, attestation: 'x509', ...device });
}

function ownCertificate({ credential, findings }: CredentialExamination): Presentable {
  if (credential?.type !== 'x509') return { findings };
  const { bundle } = credential;
  return { findings, present: async () => bundle, notAfter: bundle.notAfter };
}

/** One issuer for each value of the vault, so that all devices of a simulation share one import of its key. */
const authorities = new WeakMap<SecretFound, Promise<Presentable>>();

function authorityOf(subject: string, secret: SecretFound): Promise<Presentable> {
  const known = authorities.get(secret);
  if (known) return known;
  const authority = openAuthority(subject, secret);
  authorities.set(secret, authority);
  return authority;
}

async function openAuthority(subject: string, secret: SecretFound): Promise<Presentable> {
  const { credential, findings } = await examine(subject, secret, { enrollment: 'group' });
  if (credential?.type !== 'x509') return { findings };
  try {
    const issuer: DeviceCertificateIssuer = await createDeviceCertificateIssuer(credential.bundle);
    return { findings, present: issuer.issue, notAfter: credential.bundle.notAfter };
  } catch (error) {
    return { findings: [unusableKey(subject, error)] };
  }
}

/** OpenSSL's message names what it cannot use and does not quote it. */
function unusableKey(subject: string, error: unknown): CredentialFinding {
  const reason = error instanceof Error ? printable(error.message) : 'unknown error';
  return credentialFinding(subject, 'unusableKey', `cannot be used: ${reason}`);
}
