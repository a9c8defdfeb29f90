import { KeyObject, webcrypto } from 'node:crypto';
import { loadX509 } from './x509Library.ts';

/** A certificate signing request and its new key pair. Both exist only in memory, for one run. */
export interface CertificateRequest {
  /** PKCS#10 as base64 of its DER, without header, footer and line breaks. */
  readonly csr: string;
  readonly publicKey: KeyObject;
  /** PKCS#8 as PEM. Used only in the TLS context. */
  readonly privateKey: string;
}

/** DPS accepts only EC keys on NIST P-384 ("concept-certificate-issuance", requirements on the CSR). */
const algorithm = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' } as const;

/**
 * Creates a key pair and a request for it. WebCrypto generates and signs in libuv's thread pool, so that ten thousand simulated devices do
 * not block the event loop.
 *
 * @param commonName the exact registrationId, including its case
 */
export async function createCertificateRequest(commonName: string): Promise<CertificateRequest> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: algorithm,
  });
  return {
    csr: Buffer.from(request.rawData).toString('base64'),
    publicKey: KeyObject.from(keys.publicKey),
    privateKey: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
