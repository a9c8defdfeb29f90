/** Certificate signing requests as devices send them, right and wrong, each with the key that it was made for. */
import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

export interface DeviceRequest {
  /** Base64 of the DER. */
  readonly csr: string;
  /** PEM. */
  readonly key: string;
}

export interface RequestOptions {
  readonly algorithm?: 'P-384' | 'P-256' | 'P-521' | 'RSA';
  readonly hash?: 'SHA-256' | 'SHA-384' | 'SHA-512' | 'SHA-1';
}

/** @param subject in the form `CN=one` */
export async function makeRequest(
  subject: string,
  { algorithm = 'P-384', hash = 'SHA-384' }: RequestOptions = {},
): Promise<DeviceRequest> {
  const signing =
    algorithm === 'RSA'
      ? { name: 'RSASSA-PKCS1-v1_5', hash, publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 }
      : { name: 'ECDSA', namedCurve: algorithm, hash };
  const keys = (await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const request = await Pkcs10CertificateRequestGenerator.create({ name: subject, keys, signingAlgorithm: signing });
  return {
    csr: Buffer.from(request.rawData).toString('base64'),
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
