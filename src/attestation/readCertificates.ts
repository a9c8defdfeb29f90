import { X509Certificate } from 'node:crypto';

export type CertificatesRead =
  | { readonly kind: 'certificates'; readonly certificates: readonly [X509Certificate, ...X509Certificate[]] }
  | { readonly kind: 'missing' | 'malformed'; readonly message: string };

/** Usual chains have a leaf, one or two intermediates and a root. Limits the work when a service sends a hundred. */
const maxCertificates = 10;
const maxCertificateBytes = 16 * 1024;

/** Reads an array of certificates, each as base64 of its DER. Never throws; its messages quote nothing that was sent. */
export function readCertificates(sent: unknown): CertificatesRead {
  if (sent === undefined || sent === null) return { kind: 'missing', message: 'no certificate chain was sent' };
  if (!Array.isArray(sent)) return malformed(`expected an array of certificates, got ${typeName(sent)}`);
  if (sent.length === 0) return { kind: 'missing', message: 'the certificate chain is empty' };
  if (sent.length > maxCertificates) {
    return malformed(`expected at most ${maxCertificates} certificates, got ${sent.length}`);
  }
  const certificates: X509Certificate[] = [];
  for (const [index, one] of sent.entries()) {
    const read = readCertificate(one);
    if (typeof read === 'string') return malformed(`certificate ${index + 1} of ${sent.length}: ${read}`);
    certificates.push(read);
  }
  const [leaf, ...issuers] = certificates;
  return leaf ? { kind: 'certificates', certificates: [leaf, ...issuers] } : malformed('no certificate could be read');
}

/** A certificate, or what is wrong with it. */
function readCertificate(sent: unknown): X509Certificate | string {
  if (typeof sent !== 'string') return `expected base64 text, got ${typeName(sent)}`;
  if (sent.includes('-----BEGIN')) return 'expected base64 of DER, got PEM';
  if (sent.length > (maxCertificateBytes / 3) * 4 + 4) return `expected at most ${maxCertificateBytes / 1024} KB`;
  const der = Buffer.from(sent, 'base64');
  // Node's decoder skips other characters. Encoding again gives the same text only if it skipped nothing.
  if (der.length === 0 || der.toString('base64') !== sent) return 'not base64 without line breaks';
  // Node also reads PEM, and ignores bytes after the certificate.
  if (der[0] !== derSequence) return 'not DER: it does not begin with a SEQUENCE';
  try {
    const certificate = new X509Certificate(der);
    if (!certificate.raw.equals(der)) return 'more bytes than the certificate has';
    // Throws here for dates that cannot be represented.
    certificate.validFromDate.toISOString();
    certificate.validToDate.toISOString();
    return certificate;
  } catch {
    return 'not an X.509 certificate';
  }
}

const derSequence = 0x30;

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function malformed(message: string): CertificatesRead {
  return { kind: 'malformed', message };
}
