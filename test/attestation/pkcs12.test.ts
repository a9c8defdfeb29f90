import { createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import forge from 'node-forge';
import { beforeAll, describe, expect, it } from 'vitest';
import { examineCredential } from '../../src/attestation/examineCredential.ts';
import { writeVaultPkcs12 } from '../../src/local/keyVault/vaultCertificate.ts';
import { type DeviceChain, type KeyType, makeDeviceChain } from '../support/deviceCertificates.ts';
import { makePkcs12 } from '../support/openssl.ts';
import { requires } from '../support/requires.ts';

const registrationId = 'canary-01';
const chains = {} as Record<KeyType, DeviceChain>;

beforeAll(async () => {
  for (const type of ['rsa', 'ec'] as const) chains[type] = await makeDeviceChain(type, registrationId);
});

function examine(file: Buffer | string) {
  const value = typeof file === 'string' ? file : file.toString('base64');
  return examineCredential({
    subject: 'certificate "c"',
    value,
    attestation: 'x509',
    enrollment: 'individual',
    registrationId,
  });
}

function pemOf({ key, leaf, intermediate, root }: DeviceChain): string {
  return key + leaf + intermediate + root;
}

async function expectWholeChain(file: Buffer, type: KeyType) {
  const { credential, findings } = await examine(file);
  expect(findings).toEqual([]);
  const { key, leaf, intermediate, root } = chains[type];
  expect(credential).toMatchObject({
    type: 'x509',
    bundle: { commonName: registrationId, privateKey: key, certificateChain: leaf + intermediate + root },
  });
}

describe.each(['rsa', 'ec'] as const)('field report 1: a PKCS#12 file without a password, %s key and chain', (type) => {
  it.each([
    ['a MAC under the null password and nothing encrypted, as Key Vault writes it', null, 'none'],
    ['a MAC under the empty password and nothing encrypted', '', 'none'],
    ['all of it encrypted under the null password', null, '3des'],
    ['all of it encrypted under the empty password', '', '3des'],
  ] as const)('is read with %s', async (_case, password, encryption) => {
    await expectWholeChain(writeVaultPkcs12(pemOf(chains[type]), { password, encryption }), type);
  });

  it.each([
    ['in its default form (AES-256, SHA-256 MAC)', []],
    ['with 3DES and a SHA-1 MAC', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
    ['with nothing encrypted', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
    ['with a SHA-512 MAC', ['-macalg', 'sha512']],
  ])('is read as OpenSSL writes it, %s', requires('openssl'), async (_case, options) => {
    await expectWholeChain(makePkcs12({ pem: pemOf(chains[type]), options }), type);
  });

  it.each([
    ['-legacy (RC2-40)', ['-legacy']],
    ['-nomac', ['-nomac']],
    ['-nomac with nothing encrypted', ['-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE']],
  ])('field report 22: is read as OpenSSL writes it with %s', requires('openssl'), async (_case, options) => {
    await expectWholeChain(makePkcs12({ pem: pemOf(chains[type]), options }), type);
  });
});

describe('a PKCS#12 file that cannot be opened', () => {
  it.each([
    ['a MAC', []],
    ['no MAC', ['-nomac']],
    ['the legacy ciphers', ['-legacy']],
  ])(
    'is reported to have a passphrase, with %s, and how the vault removes it',
    requires('openssl'),
    async (_case, options) => {
      const file = makePkcs12({ pem: pemOf(chains.ec), options, password: 'secret' });
      const { credential, findings } = await examine(file);
      expect(credential).toBeUndefined();
      expect(findings).toMatchObject([{ problem: 'passphrase', severity: 'error' }]);
      expect(findings[0]?.message).toBe('certificate "c" is a PKCS#12 file with a passphrase, or a damaged one');
      expect(findings[0]?.next).toContain('az keyvault certificate import --password');
    },
  );

  it('is damaged when one byte of its content differs', async () => {
    const file = writeVaultPkcs12(pemOf(chains.ec));
    file.writeUInt8(file.readUInt8(file.length >> 1) ^ 1, file.length >> 1);
    expect((await examine(file)).findings).toMatchObject([{ problem: 'passphrase' }]);
  });

  it('is refused with its own message when it is truncated', async () => {
    const file = writeVaultPkcs12(pemOf(chains.ec));
    const { findings } = await examine(file.subarray(0, file.length - 300));
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).not.toMatch(/ASN\.1|asn1|DER|MII/);
  });
});

describe('field report 22: a MAC by PBKDF2 (PBMAC1, RFC 9579)', () => {
  it('is verified and read', async () => {
    await expectWholeChain(withPbmac1(writeVaultPkcs12(pemOf(chains.ec)), ''), 'ec');
  });

  it('is refused under a passphrase', async () => {
    const { findings } = await examine(withPbmac1(writeVaultPkcs12(pemOf(chains.ec)), 'secret'));
    expect(findings).toMatchObject([{ problem: 'passphrase' }]);
  });
});

/** The same file with its MAC replaced: OpenSSL writes these only since 3.4, so this one is made after RFC 9579 §4. */
function withPbmac1(file: Buffer, password: string): Buffer {
  const { asn1 } = forge;
  const pfx = asn1.fromDer(file.toString('binary'));
  const [version, authSafe] = pfx.value as forge.asn1.Asn1[];
  if (!version || !authSafe) throw new TypeError('not a PFX');
  const contentOf = (node: forge.asn1.Asn1 | undefined) => (node?.value ?? []) as (forge.asn1.Asn1 | undefined)[];
  const content = contentOf(contentOf(authSafe)[1])[0]?.value as string;
  const [salt, iterations, bytes] = [randomBytes(8), 2048, 32];
  const key = pbkdf2Sync(password, salt, iterations, bytes, 'sha256');
  const digest = createHmac('sha256', key).update(content, 'binary').digest();

  const create = (type: forge.asn1.Type, value: string | forge.asn1.Asn1[]) =>
    asn1.create(asn1.Class.UNIVERSAL, type, Array.isArray(value), value);
  const sequence = (...values: forge.asn1.Asn1[]) => create(asn1.Type.SEQUENCE, values);
  const oid = (id: string) => create(asn1.Type.OID, asn1.oidToDer(id).getBytes());
  const octets = (value: Buffer) => create(asn1.Type.OCTETSTRING, value.toString('binary'));
  const integer = (value: number) => create(asn1.Type.INTEGER, asn1.integerToDer(value).getBytes());
  const hmacWithSha256 = () => sequence(oid('1.2.840.113549.2.9'), create(asn1.Type.NULL, ''));
  const pbkdf2 = sequence(
    oid('1.2.840.113549.1.5.12'),
    sequence(octets(salt), integer(iterations), integer(bytes), hmacWithSha256()),
  );
  const pbmac1 = sequence(oid('1.2.840.113549.1.5.14'), sequence(pbkdf2, hmacWithSha256()));
  const mac = sequence(sequence(pbmac1, octets(digest)), octets(Buffer.from('NOT USED')), integer(1));
  return Buffer.from(asn1.toDer(sequence(version, authSafe, mac)).getBytes(), 'binary');
}
