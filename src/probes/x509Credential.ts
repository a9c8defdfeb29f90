import { type CertificateBundle, parseCertificateBundle } from '../attestation/certificateBundle.ts';
import { createDeviceCertificateIssuer, type DeviceCertificateIssuer } from '../attestation/deviceCertificate.ts';
import type { Probe } from '../config/probe.ts';
import type { SecretFound } from '../keyvault/secretResult.ts';
import type { NotRun } from '../outcomes/outcome.ts';
import { tlsContext } from '../transport/tlsContext.ts';
import { type Credential, invalidCredential, type ProbedDevice, secretExpiry } from './credential.ts';

type X509 = Extract<Probe['attestation'], { type: 'x509' }>;

/** The device's own certificate, or a leaf issued for it by the group's CA. Both are presented in TLS; there is no password. */
export async function x509Credential(
  { registrationId }: ProbedDevice,
  { certificate, enrollment }: X509,
  secret: SecretFound,
): Promise<Credential | NotRun> {
  try {
    const stored =
      enrollment === 'group'
        ? await authorityOf(secret)
        : await parseCertificateBundle(secret.value, secret.contentType);
    if ('fault' in stored) return invalidCredential(`certificate ${certificate}: ${stored.fault}`);
    // What counts as near its end is what the operator has to renew: the group's CA, not the hour-long leaf.
    const { notAfter } = stored;
    const presented = 'issue' in stored ? await stored.issue(registrationId) : stored;
    if (presented.commonName !== registrationId) {
      return invalidCredential(
        `certificate ${certificate} has the common name "${presented.commonName}", but the registrationId is "${registrationId}": DPS asks for both to be equal`,
      );
    }
    return {
      kind: 'credential',
      secureContext: tlsContext(presented),
      expiry: { ...secretExpiry(secret), certificateNotAfter: notAfter },
    };
  } catch (error) {
    return invalidCredential(
      `certificate ${certificate}: ${error instanceof Error ? error.message : 'cannot be used'}`,
    );
  }
}

type Authority = DeviceCertificateIssuer & Pick<CertificateBundle, 'notAfter'>;

/** One issuer for the CA in use: ten thousand devices of a simulation share one import of its key. */
let lastAuthority:
  | { readonly secret: SecretFound; readonly authority: Promise<Authority | { readonly fault: string }> }
  | undefined;

function authorityOf(secret: SecretFound): Promise<Authority | { readonly fault: string }> {
  const last = lastAuthority?.secret;
  if (!lastAuthority || last?.value !== secret.value || last.contentType !== secret.contentType) {
    lastAuthority = { secret, authority: openAuthority(secret) };
  }
  return lastAuthority.authority;
}

async function openAuthority({ value, contentType }: SecretFound): Promise<Authority | { readonly fault: string }> {
  const bundle = await parseCertificateBundle(value, contentType);
  if ('fault' in bundle) return bundle;
  const issuer = await createDeviceCertificateIssuer(bundle);
  return { ...issuer, notAfter: bundle.notAfter };
}
