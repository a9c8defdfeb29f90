import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { ClientCertificate } from '../transport/tlsContext.ts';

/** A certificate with its private key and its chain, as read from a Key Vault certificate. */
export interface CertificateBundle extends ClientCertificate {
  readonly commonName: string;
  /** Of the leaf, ISO 8601. */
  readonly notAfter: string;
  /** Of the leaf, ISO 8601. */
  readonly notBefore: string;
}

/** What could not be read, in a sentence that names no content. */
export interface InvalidCertificate {
  readonly fault: string;
}

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/**
 * Reads the secret of a Key Vault certificate: `application/x-pem-file` (key and chain as PEM) or `application/x-pkcs12` (base64
 * PFX without password), each told by its content where the content type is missing.
 */
export async function parseCertificateBundle(
  value: string,
  contentType?: string,
): Promise<CertificateBundle | InvalidCertificate> {
  const isPem = contentType === 'application/x-pem-file' || value.includes('-----BEGIN ');
  try {
    if (isPem) return bundleOf([...value.matchAll(pemBlock)].map(([block, label = '']) => ({ label, block })));
    const { readPkcs12 } = await import('./pkcs12.ts');
    return bundleOf(await readPkcs12(Buffer.from(value, 'base64')));
  } catch (error) {
    // OpenSSL's and node-forge's messages name the fault, not the content.
    return {
      fault: `${isPem ? 'PEM' : 'PKCS#12'} cannot be read: ${error instanceof Error ? error.message : 'unknown'}`,
    };
  }
}

export interface PemBlock {
  readonly label: string;
  readonly block: string;
}

function bundleOf(blocks: readonly PemBlock[]): CertificateBundle | InvalidCertificate {
  const keyBlock = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'));
  const certificates = blocks
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ block }) => new X509Certificate(block));
  if (!keyBlock) return { fault: 'it holds no private key: is the certificate exportable?' };
  const key = createPrivateKey(keyBlock.block);
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (!leaf) return { fault: 'it holds no certificate that belongs to its private key' };
  return {
    commonName: commonNameOf(leaf),
    notBefore: new Date(leaf.validFrom).toISOString(),
    notAfter: new Date(leaf.validTo).toISOString(),
    certificateChain: chainFrom(leaf, certificates)
      .map((certificate) => certificate.toString())
      .join(''),
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Leaf first, then each certificate's issuer as far as they are there: PKCS#12 keeps no order. */
function chainFrom(leaf: X509Certificate, certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  const chain = [leaf];
  for (let last = leaf; ; ) {
    const issuer = certificates.find((candidate) => !chain.includes(candidate) && last.checkIssued(candidate));
    if (!issuer) return chain;
    chain.push(issuer);
    last = issuer;
  }
}

function commonNameOf(certificate: X509Certificate): string {
  return /(?:^|\n)CN=([^\n]*)/.exec(certificate.subject)?.[1] ?? '';
}
