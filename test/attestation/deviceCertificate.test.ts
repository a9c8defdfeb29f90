import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CertificateBundle, readCertificateBundle } from '../../src/attestation/certificateBundle.ts';
import { createDeviceCertificateIssuer } from '../../src/attestation/deviceCertificate.ts';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import type { ClientCertificate } from '../../src/transport/tlsContext.ts';
import { makeRsaAuthority } from '../support/rsaAuthority.ts';

let groupCa: CertificateBundle;

beforeAll(async () => {
  const { intermediate, caPem } = await createLocalAuthority();
  groupCa = await bundleOf(`${intermediate.key}\n${intermediate.cert}\n${caPem}`);
});

describe('createDeviceCertificateIssuer', () => {
  it("issues a leaf with the registrationId as common name, under the group's CA and with its chain", async () => {
    const issuer = await createDeviceCertificateIssuer(groupCa);
    const issued = await issuer.issue('canary-0001');
    const [leaf, ca, root] = split(issued.certificateChain);
    expect(leaf?.subject).toBe('CN=canary-0001');
    expect(ca && leaf?.checkIssued(ca) && leaf.verify(ca.publicKey)).toBe(true);
    expect(root && ca?.checkIssued(root)).toBe(true);
    expect(issued.privateKey).toContain('BEGIN PRIVATE KEY');
  });

  it('issues leaves that are valid for an hour, but not longer than the CA', async () => {
    const issuer = await createDeviceCertificateIssuer(groupCa);
    expect(endOf(await issuer.issue('a')) - Date.now()).toBeLessThanOrEqual(3_600_000);
    const soon = new Date(Date.now() + 60_000);
    soon.setMilliseconds(0); // X.509 knows whole seconds
    const brief = await createDeviceCertificateIssuer({ ...groupCa, notAfter: soon.toISOString() });
    expect(endOf(await brief.issue('a'))).toBe(soon.getTime());
  });

  it('creates a different key for each device', async () => {
    const issuer = await createDeviceCertificateIssuer(groupCa);
    const [one, two] = await Promise.all([issuer.issue('one'), issuer.issue('two')]);
    expect(one.privateKey).not.toBe(two.privateKey);
  });

  it('issues from an RSA CA as well', async () => {
    const issuer = await createDeviceCertificateIssuer(await bundleOf(makeRsaAuthority('fleet CA')));
    const [leaf, ca] = split((await issuer.issue('canary-0001')).certificateChain);
    expect(ca && leaf?.verify(ca.publicKey)).toBe(true);
  });

  it('refuses a CA key that it cannot sign with', async () => {
    const privateKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await expect(createDeviceCertificateIssuer({ ...groupCa, privateKey })).rejects.toThrow(/neither RSA nor ECDSA/);
  });
});

function endOf({ certificateChain }: ClientCertificate): number {
  return Date.parse(split(certificateChain)[0]?.validTo ?? '');
}

function split(chain: string): X509Certificate[] {
  return (chain.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => new X509Certificate(pem),
  );
}

async function bundleOf(text: string): Promise<CertificateBundle> {
  const bundle = await readCertificateBundle({ kind: 'pem', text, wrappings: [] });
  if ('problem' in bundle) throw new Error(bundle.what);
  return bundle;
}
