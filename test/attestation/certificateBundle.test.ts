import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseCertificateBundle } from '../../src/attestation/certificateBundle.ts';
import { createLocalAuthority, type IssuedCertificate, type LocalAuthority } from '../../src/emulator/certificates.ts';
import { makePkcs12 } from '../support/openssl.ts';

const commonName = 'device-001';
let authority: LocalAuthority;
let device: IssuedCertificate;

beforeAll(async () => {
  authority = await createLocalAuthority();
  device = await authority.issueClient({ commonName, notAfter: new Date('2027-01-02T03:04:05Z') });
});

describe('parseCertificateBundle', () => {
  it('reads PEM: key, leaf and chain, in whatever order they come', async () => {
    const [leaf = '', intermediate = ''] = device.cert.split(/(?<=-----END CERTIFICATE-----)\n/);
    const bundle = await parseCertificateBundle([intermediate, device.key, leaf].join('\n'), 'application/x-pem-file');
    expect(bundle).toMatchObject({ commonName, notAfter: '2027-01-02T03:04:05.000Z' });
    expect(bundle).toHaveProperty(
      'certificateChain',
      expect.stringMatching(/BEGIN CERTIFICATE[\s\S]+BEGIN CERTIFICATE/),
    );
  });

  it.each(['aes256', '3des'] as const)(
    'reads a PKCS#12 file encrypted with %s, the elliptic curve key included',
    async (cipher) => {
      const file = makePkcs12({ pem: `${device.key}\n${device.cert}`, cipher });
      const bundle = await parseCertificateBundle(file.toString('base64'), 'application/x-pkcs12');
      const fromPem = await parseCertificateBundle(`${device.key}\n${device.cert}`);
      expect(bundle).toEqual(fromPem);
    },
  );

  it('tells the two forms by their content where the content type is missing', async () => {
    const file = makePkcs12({ pem: `${device.key}\n${device.cert}`, cipher: 'aes256' });
    expect(await parseCertificateBundle(file.toString('base64'))).toMatchObject({ commonName });
    expect(await parseCertificateBundle(`${device.key}\n${device.cert}`)).toMatchObject({ commonName });
  });

  it.each<[string, () => string, RegExp]>([
    ['a certificate without its key', () => device.cert, /no private key/],
    ['a key of somebody else', () => `${otherKey()}\n${device.cert}`, /no certificate that belongs/],
    ['text that is neither', () => 'not a certificate', /PKCS#12 cannot be read/],
    [
      'a broken PEM',
      () => `${device.key}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`,
      /PEM cannot be read/,
    ],
    [
      'a PKCS#12 file with a password',
      () => makePkcs12({ pem: `${device.key}\n${device.cert}`, cipher: '3des', password: 'secret' }).toString('base64'),
      /PKCS#12 cannot be read/,
    ],
  ])('says what is wrong with %s, without any of it', async (_case, value, fault) => {
    const parsed = await parseCertificateBundle(value());
    expect(parsed).toHaveProperty('fault', expect.stringMatching(fault));
    expect(JSON.stringify(parsed)).not.toMatch(/MII|BEGIN/);
  });
});

function otherKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}
