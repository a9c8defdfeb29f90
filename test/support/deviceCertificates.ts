import { webcrypto } from 'node:crypto';
import 'reflect-metadata';
import { BasicConstraintsExtension, PemConverter, X509CertificateGenerator } from '@peculiar/x509';

const algorithms = {
  /** Below the security level that OpenSSL demands by default. */
  shortRsa: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 1024,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const;

export type KeyType = keyof typeof algorithms;

/** A device's certificate with its own chain, each part as PEM. */
export interface DeviceChain {
  /** PKCS#8. */
  readonly key: string;
  readonly leaf: string;
  readonly intermediate: string;
  readonly root: string;
}

/** A leaf under an intermediate under a root, all with keys of this type. */
export async function makeDeviceChain(
  keyType: KeyType,
  commonName: string,
  notAfter = new Date(Date.now() + 30 * 86_400_000),
): Promise<DeviceChain> {
  const algorithm = algorithms[keyType];
  const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const [rootKeys, intermediateKeys, keys] = [await newKeys(), await newKeys(), await newKeys()];
  const issue = async (
    subject: string,
    subjectKeys: webcrypto.CryptoKeyPair,
    issuer: string,
    by: webcrypto.CryptoKeyPair,
    isCa: boolean,
  ) => {
    const certificate = await X509CertificateGenerator.create({
      subject: `CN=${subject}`,
      issuer: `CN=${issuer}`,
      publicKey: subjectKeys.publicKey,
      signingKey: by.privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - 2 * 86_400_000),
      notAfter,
      extensions: [new BasicConstraintsExtension(isCa, undefined, true)],
    });
    return `${certificate.toString('pem')}\n`;
  };
  const [rootName, intermediateName] = [`${keyType} root`, `${keyType} intermediate`];
  return {
    key: `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n`,
    leaf: await issue(commonName, keys, intermediateName, intermediateKeys, false),
    intermediate: await issue(intermediateName, intermediateKeys, rootName, rootKeys, true),
    root: await issue(rootName, rootKeys, rootName, rootKeys, true),
  };
}
