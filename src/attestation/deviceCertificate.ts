import { createPrivateKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import type { ClientCertificate } from '../transport/tlsContext.ts';
import type { CertificateBundle } from './certificateBundle.ts';
import { loadX509 } from './x509Library.ts';

/** Long enough for a run and for clocks that differ, and short enough that a leaked leaf is soon useless. */
const validForMs = 60 * 60 * 1000;
const clockSkewMs = 10 * 60 * 1000;

const leafAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** Issues leaf certificates of one group CA. The CA's key is imported once for all devices of a simulation. */
export interface DeviceCertificateIssuer {
  /** Issues a short-lived leaf, in memory only, with the registrationId as its common name and the CA's chain behind it. */
  issue(registrationId: string): Promise<ClientCertificate>;
}

/** @throws on a CA key that is neither RSA nor ECDSA on a NIST curve. */
export async function createDeviceCertificateIssuer(authority: CertificateBundle): Promise<DeviceCertificateIssuer> {
  const x509 = await loadX509();
  const { subtle } = webcrypto;
  const signingKey = createPrivateKey(authority.privateKey);
  const { algorithm, signature } = signingAlgorithm(signingKey);
  const key = await subtle.importKey('pkcs8', signingKey.export({ type: 'pkcs8', format: 'der' }), algorithm, false, [
    'sign',
  ]);
  const [issuerPem = ''] = authority.certificateChain.split(/(?<=-----END CERTIFICATE-----\n)/);
  const issuer = new x509.X509Certificate(issuerPem);
  const keyUsage = new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true);
  const extendedKeyUsage = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]);

  return {
    async issue(registrationId) {
      const keys = await subtle.generateKey(leafAlgorithm, true, ['sign', 'verify']);
      const now = Date.now();
      const notBefore = new Date(now - clockSkewMs);
      const notAfter = new Date(Math.min(now + validForMs, Date.parse(authority.notAfter)));
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: randomBytes(16).toString('hex'),
        subject: [{ CN: [registrationId] }],
        issuer: issuer.subjectName,
        notBefore,
        notAfter,
        publicKey: keys.publicKey,
        signingKey: key,
        signingAlgorithm: signature,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          keyUsage,
          extendedKeyUsage,
          await x509.AuthorityKeyIdentifierExtension.create(issuer),
        ],
      });
      return {
        certificateChain: `${leaf.toString('pem')}\n${authority.certificateChain}`,
        privateKey: pkcs8Pem(await subtle.exportKey('pkcs8', keys.privateKey)),
      };
    },
  };
}

function signingAlgorithm(key: KeyObject) {
  const hash = 'SHA-256';
  if (key.asymmetricKeyType === 'rsa') {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash };
    return { algorithm, signature: algorithm };
  }
  const namedCurve = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }[
    key.asymmetricKeyDetails?.namedCurve ?? ''
  ];
  if (!namedCurve) throw new TypeError('the CA key is neither RSA nor ECDSA on P-256, P-384 or P-521');
  return { algorithm: { name: 'ECDSA', namedCurve }, signature: { name: 'ECDSA', hash } };
}

function pkcs8Pem(der: ArrayBuffer): string {
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}
