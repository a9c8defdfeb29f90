import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCertificateRequest } from '../../src/attestation/certificateRequest.ts';
import { requires } from '../support/requires.ts';

const openssl = (csr: string, ...parameters: readonly string[]) =>
  execFileSync('openssl', ['req', '-inform', 'DER', '-noout', ...parameters], {
    input: Buffer.from(csr, 'base64'),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });

describe('a certificate signing request', () => {
  it('is base64 without line breaks, and smaller than the 8 KB that DPS accepts', async () => {
    const { csr } = await createCertificateRequest('x'.repeat(128));
    expect(csr).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
    expect(Buffer.byteLength(csr)).toBeLessThan(8 * 1024);
  });

  it('is created for a new key each time, and never contains the private key', async () => {
    const requests = await Promise.all([1, 2].map(() => createCertificateRequest('canary-001')));
    const [first, second] = requests;
    expect(first?.csr).not.toBe(second?.csr);
    for (const { csr, publicKey, privateKey } of requests) {
      const key = createPrivateKey(privateKey);
      expect(createPublicKey(key).equals(publicKey)).toBe(true);
      const secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
      expect(secret).toHaveLength(48);
      expect(Buffer.from(csr, 'base64').includes(secret)).toBe(false);
    }
  });
});

describe('OpenSSL reads a certificate signing request', requires('openssl'), () => {
  it.each(['canary-001', 'Fleet:A.b_c-9', 'UPPER', '0', 'x'.repeat(64)])(
    'with the common name %s exactly, on P-384 and signed with SHA-384',
    async (registrationId) => {
      const { csr, publicKey } = await createCertificateRequest(registrationId);
      const text = openssl(csr, '-text', '-verify');
      expect(text).toMatch(/ASN1 OID: secp384r1/);
      expect(text).toMatch(/Signature Algorithm: ecdsa-with-SHA384/);
      expect(text).toMatch(/Version: 1 /);
      expect(openssl(csr, '-subject', '-nameopt', 'multiline').trim().split('\n').slice(1)).toEqual([
        expect.stringMatching(new RegExp(`^\\s*commonName\\s*= ${registrationId.replace(/[.]/g, '\\.')}$`)),
      ]);
      expect(openssl(csr, '-pubkey')).toBe(publicKey.export({ type: 'spki', format: 'pem' }).toString());
    },
  );
});
