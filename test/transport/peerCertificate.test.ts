import { X509Certificate } from 'node:crypto';
import { checkServerIdentity } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLocalAuthority, createSelfSigned, type LocalAuthority } from '../../src/emulator/certificates.ts';
import { checkName } from '../../src/transport/peerCertificate.ts';

let authority: LocalAuthority;
beforeAll(async () => {
  authority = await createLocalAuthority();
});

const names = [
  'localhost',
  'a.example.com',
  'b.a.example.com',
  'example.com',
  'A.EXAMPLE.COM',
  '127.0.0.1',
  '127.0.0.2',
  '::1',
];

describe('checkName judges as Node itself does', () => {
  it.each([
    ['one name', ['localhost']],
    ['a wildcard', ['*.example.com']],
    ['a partial wildcard', ['a*.example.com']],
    ['a wildcard for everything', ['*.com']],
    ['addresses', ['127.0.0.1', '::1']],
    ['names and an address', ['localhost', 'a.example.com', '127.0.0.1']],
  ])('of a certificate for %s', async (_case, certified) => {
    const certificate = new X509Certificate((await authority.issueServer(certified)).cert);
    const codeOf = (error: (Error & { code?: string }) | undefined) => error?.code;
    for (const name of names) {
      const expected = codeOf(checkServerIdentity(name, certificate.toLegacyObject()));
      expect.soft(codeOf(checkName(certificate, name)), name).toBe(expected);
    }
  });

  it('of a certificate that has a common name and no other', async () => {
    const certificate = new X509Certificate((await createSelfSigned({ commonName: 'localhost' })).cert);
    for (const name of names) {
      const expected = checkServerIdentity(name, certificate.toLegacyObject()) === undefined;
      expect.soft(checkName(certificate, name) === undefined, name).toBe(expected);
    }
  });

  it('and accepts nothing from a server that presents no certificate', () => {
    expect(checkName(undefined, 'localhost')).toBeInstanceOf(Error);
  });
});
