import { createHash, type X509Certificate } from 'node:crypto';

/** `X509CertificateInfo` of the REST reference. */
export function certificateInfo(certificate: X509Certificate | undefined): Record<string, unknown> | undefined {
  if (certificate === undefined) return undefined;
  return {
    subjectName: certificate.subject?.replaceAll('\n', ', '),
    sha1Thumbprint: createHash('sha1').update(certificate.raw).digest('hex').toUpperCase(),
    sha256Thumbprint: createHash('sha256').update(certificate.raw).digest('hex').toUpperCase(),
    issuerName: certificate.issuer?.replaceAll('\n', ', '),
    notBeforeUtc: certificate.validFromDate.toISOString(),
    notAfterUtc: certificate.validToDate.toISOString(),
    serialNumber: certificate.serialNumber,
    version: 3,
  };
}
