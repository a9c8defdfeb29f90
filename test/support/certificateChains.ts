import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' } as const;

export interface Party {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly base64: string;
}

export interface Issue {
  /** As RFC 4514 text, or in the library's own form if a test needs an unusual name. */
  readonly name: string | x509.JsonName;
  /** Default: signs itself. */
  readonly issuer?: Pick<Party, 'certificate' | 'keys'>;
  /** Default: new ones. */
  readonly keys?: webcrypto.CryptoKeyPair;
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly usages?: x509.KeyUsageFlags;
  /** Minutes from now. */
  readonly from?: number;
  readonly until?: number;
}

export function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
}

const minuteMs = 60_000;
let serialNumber = 0;

/** A certificate of any kind, right or wrong. */
export async function issue(wanted: Issue): Promise<Party> {
  const { name, issuer, ca = false, from = -60, until = 30 * 24 * 60 } = wanted;
  const keys = wanted.keys ?? (await newKeys());
  const usages = wanted.usages ?? (ca ? x509.KeyUsageFlags.keyCertSign : x509.KeyUsageFlags.digitalSignature);
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(ca, wanted.pathLength, true),
    new x509.KeyUsagesExtension(usages, true),
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
  ];
  if (issuer) extensions.push(await x509.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey));
  serialNumber += 1;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber.toString(16).padStart(4, '0'),
    subject: name,
    issuer: issuer?.certificate.subjectName ?? name,
    notBefore: new Date(Date.now() + from * minuteMs),
    notAfter: new Date(Date.now() + until * minuteMs),
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: keyAlgorithm,
    extensions,
  });
  return { certificate, keys, base64: Buffer.from(certificate.rawData).toString('base64') };
}

/** The same certificate with another signature. */
export function withWrongSignature(base64: string): string {
  const der = Buffer.from(base64, 'base64');
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  return der.toString('base64');
}
