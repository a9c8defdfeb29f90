import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { ClientCertificate } from '../transport/tlsContext.ts';
import { readPem, type UnreadableText } from './pem.ts';
import type { StoredValue } from './storedValue.ts';

/** A certificate with its private key and its chain, as read from a Key Vault certificate. */
export interface CertificateBundle extends ClientCertificate {
  readonly commonName: string;
  /** Of the leaf, ISO 8601. */
  readonly notAfter: string;
  /** Of the leaf, ISO 8601. */
  readonly notBefore: string;
  /** The leaf is a CA (basicConstraints). */
  readonly isAuthority: boolean;
  /** Subject of the next issuer if it is missing in the file; undefined when the chain ends at its root. */
  readonly missingIssuer: string | undefined;
  /** The PEM's line breaks were lost and have been repaired. */
  readonly repaired: boolean;
}

/** Why no certificate with its key could be read. */
export interface UnusableCertificate extends UnreadableText {
  readonly problem:
    | 'damaged'
    | 'passphrase'
    | 'encryptedKey'
    | 'unsupported'
    | 'noPrivateKey'
    | 'noCertificate'
    | 'keyMismatch';
}

interface Contents {
  readonly certificates: readonly X509Certificate[];
  readonly keys: readonly KeyObject[];
  readonly repaired: boolean;
}

/** Reads PEM (with `X509` and `TRUSTED` labels, any order, bag attributes) or DER (PKCS#12, or a bare certificate or key). */
export async function readCertificateBundle(
  stored: Extract<StoredValue, { kind: 'pem' | 'der' }>,
): Promise<CertificateBundle | UnusableCertificate> {
  const contents = stored.kind === 'pem' ? contentsOfPem(stored.text) : await contentsOfDer(stored.bytes);
  if ('problem' in contents) return contents;
  try {
    return bundleOf(contents);
  } catch {
    // OpenSSL parsed the certificate, but cannot use one of its dates or its kind of key.
    return { problem: 'damaged', what: 'holds a certificate with a date or a key that cannot be used' };
  }
}

function contentsOfPem(text: string): Contents | UnusableCertificate {
  const pem = readPem(text);
  if ('what' in pem) return { problem: 'damaged', what: pem.what };
  const certificates: X509Certificate[] = [];
  const keys: KeyObject[] = [];
  for (const { label, der, encrypted } of pem.blocks) {
    if (label.endsWith('PRIVATE KEY')) {
      if (encrypted || label === 'ENCRYPTED PRIVATE KEY') {
        return { problem: 'encryptedKey', what: 'holds a private key that is encrypted with a passphrase' };
      }
      const key = readKey(der);
      if (!key) return { problem: 'damaged', what: `holds a PEM block ${label} that is not a private key in DER` };
      keys.push(key);
    } else if (label.endsWith('CERTIFICATE')) {
      const certificate = readCertificate(der);
      if (!certificate) return { problem: 'damaged', what: `holds a PEM block ${label} that is not a certificate` };
      certificates.push(certificate);
    } else if (/CERTIFICATE REQUEST$|^PKCS7$/.test(label)) {
      const content = label === 'PKCS7' ? 'a PKCS#7 bundle, which has certificates but no key' : 'a request for one';
      return { problem: 'noPrivateKey', what: `holds ${content}, not a certificate with its private key` };
    }
  }
  return { certificates, keys, repaired: pem.repaired };
}

async function contentsOfDer(bytes: Buffer): Promise<Contents | UnusableCertificate> {
  const [certificate, key] = [readCertificate(bytes), readKey(bytes)];
  if (certificate) return { certificates: [certificate], keys: [], repaired: false };
  if (key) return { certificates: [], keys: [key], repaired: false };
  const { readPkcs12 } = await import('./pkcs12.ts');
  const file = readPkcs12(bytes);
  switch (file.kind) {
    case 'locked':
      return { problem: 'passphrase', what: 'is a PKCS#12 file with a passphrase, or a damaged one' };
    case 'unreadable':
      return { problem: 'unsupported', what: `is not a PKCS#12 file that can be read: ${file.message}` };
    case 'read': {
      const ders = (kind: string) => file.bags.flatMap((bag) => (bag.kind === kind ? [bag.der] : []));
      const certificates = ders('certificate').flatMap((der) => readCertificate(der) ?? []);
      const keys = ders('privateKey').flatMap((der) => readKey(der) ?? []);
      return { certificates, keys, repaired: false };
    }
  }
}

function bundleOf({ certificates, keys, repaired }: Contents): CertificateBundle | UnusableCertificate {
  if (keys.length === 0) return { problem: 'noPrivateKey', what: 'holds no private key' };
  if (certificates.length === 0) return { problem: 'noCertificate', what: 'holds a private key, but no certificate' };
  for (const key of keys) {
    const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
    if (!leaf) continue;
    const chain = chainFrom(leaf, certificates);
    const last = chain.at(-1) ?? leaf;
    return {
      commonName: commonNameOf(leaf.subject),
      notBefore: new Date(leaf.validFrom).toISOString(),
      notAfter: new Date(leaf.validTo).toISOString(),
      isAuthority: leaf.ca,
      missingIssuer: last.checkIssued(last) ? undefined : last.issuer.replaceAll('\n', ', '),
      repaired,
      certificateChain: chain.map((certificate) => certificate.toString()).join(''),
      privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }
  return { problem: 'keyMismatch', what: 'holds no certificate that belongs to its private key' };
}

/** Leaf first, then each certificate's issuer, as far as the file has them. Files have any order, and some contain a CA twice. */
function chainFrom(leaf: X509Certificate, certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  const chain = [leaf];
  for (let last = leaf; ; ) {
    const issuer = certificates.find(
      (candidate) =>
        !chain.some(({ fingerprint256 }) => fingerprint256 === candidate.fingerprint256) &&
        last.checkIssued(candidate) &&
        last.verify(candidate.publicKey),
    );
    if (!issuer) return chain;
    chain.push(issuer);
    last = issuer;
  }
}

function commonNameOf(subject: string): string {
  return /(?:^|\n)CN=([^\n]*)/.exec(subject)?.[1] ?? '';
}

/** Reads only the first structure: in `TRUSTED CERTIFICATE`, OpenSSL's trust settings follow the certificate. */
function readCertificate(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(firstStructure(der));
  } catch {
    return undefined;
  }
}

/** Reads PKCS#8, PKCS#1 or SEC1, whatever the label says. */
function readKey(der: Buffer): KeyObject | undefined {
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      return createPrivateKey({ key: der, format: 'der', type });
    } catch {
      // try the next form
    }
  }
  return undefined;
}

function firstStructure(der: Buffer): Buffer {
  const first = der[1] ?? 0;
  const lengthBytes = first > 0x80 && first <= 0x84 ? first & 0x7f : 0;
  const length = lengthBytes === 0 ? first : der.readUIntBE(2, lengthBytes);
  return der.subarray(0, 2 + lengthBytes + length);
}
