import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CredentialProblem } from '../../src/attestation/credentialProblems.ts';
import { type CredentialToExamine, examineCredential } from '../../src/attestation/examineCredential.ts';
import { writeVaultPkcs12 } from '../../src/local/keyVault/vaultCertificate.ts';
import { type DeviceChain, makeDeviceChain } from '../support/deviceCertificates.ts';
import { openssl } from '../support/openssl.ts';
import { requires } from '../support/requires.ts';

const registrationId = 'canary-001';
const keyBytes = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37 + 11) % 256));
const key = keyBytes.toString('base64');
let chain: DeviceChain;
let pem: string;

beforeAll(async () => {
  chain = await makeDeviceChain('ec', registrationId);
  pem = chain.key + chain.leaf + chain.intermediate + chain.root;
});

const base64 = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding).toString('base64');

function examineKey(value: string, over: Partial<CredentialToExamine> = {}) {
  return examineCredential({
    subject: 'secret "s"',
    value,
    attestation: 'symmetricKey',
    enrollment: 'individual',
    ...over,
  });
}

function examineCertificate(value: string, over: Partial<CredentialToExamine> = {}) {
  return examineCredential({
    subject: 'certificate "c"',
    value,
    attestation: 'x509',
    enrollment: 'individual',
    registrationId,
    ...over,
  });
}

async function expectWholeChain(value: string, problems: readonly CredentialProblem[] = []) {
  const { credential, findings } = await examineCertificate(value);
  expect(findings.map(({ problem }) => problem)).toEqual(problems);
  const certificateChain = chain.leaf + chain.intermediate + chain.root;
  expect(credential).toMatchObject({ type: 'x509', bundle: { privateKey: chain.key, certificateChain } });
}

describe('field report 8: a PEM whose line breaks were lost', () => {
  it.each<[string, (text: string) => string]>([
    ['became \\n in two characters', (text) => text.replaceAll('\n', '\\n')],
    ['became \\r\\n in four characters', (text) => text.replaceAll('\n', '\\r\\n')],
    ['were escaped twice', (text) => text.replaceAll('\n', '\\\\n')],
    ['became `n, as PowerShell writes it', (text) => text.replaceAll('\n', '`n')],
    ['became blanks', (text) => text.replaceAll('\n', ' ')],
    ['became tabs', (text) => text.replaceAll('\n', '\t')],
    ['are removed', (text) => text.replaceAll('\n', '')],
    ['are removed with every other blank', (text) => text.replace(/\s/g, '')],
    ['became carriage returns', (text) => text.replaceAll('\n', '\r')],
    ['were percent-encoded with everything else', (text) => encodeURIComponent(text)],
    ['are those of a JSON string', (text) => JSON.stringify(text)],
  ])('is repaired, with a note, if they %s', async (_case, change) => {
    const { credential, findings } = await examineCertificate(change(pem));
    expect(findings.map(({ problem, severity }) => [problem, severity])).toContainEqual(['lineBreaks', 'note']);
    expect(credential).toMatchObject({ bundle: { privateKey: chain.key } });
  });

  it('is refused when it was cut off, in words about that', async () => {
    const { findings } = await examineCertificate(pem.slice(0, pem.length - 200));
    expect(findings).toMatchObject([{ problem: 'damaged', message: expect.stringMatching(/without its END line/) }]);
  });

  it('is refused if it contains something else, with a message about that', async () => {
    const { findings } = await examineCertificate(pem.replace(/^M/m, '<'));
    expect(findings).toMatchObject([{ problem: 'damaged', message: expect.stringMatching(/is not base64/) }]);
  });
});

describe('field report 9: what people store in place of a key', () => {
  it.each<[string, string]>([
    ['as DPS shows it', key],
    ['with a line break behind it', `${key}\n`],
    ['in two lines, as openssl base64 writes it', `${key.slice(0, 64)}\n${key.slice(64)}\n`],
    ['with a byte order mark', `\uFEFF${key}`],
    ['in quotation marks', `"${key}"`],
    ['as base64 of base64', base64(key)],
    ['as base64 of base64 with a line break, as echo and base64 make it', base64(`${key}\n`)],
    ['as base64 of base64 of base64', base64(base64(key))],
    ['as base64 of UTF-16, as PowerShell makes it', base64(key, 'utf16le')],
  ])('reads a key %s', async (_case, value) => {
    expect((await examineKey(value)).credential).toEqual({ type: 'symmetricKey', key: keyBytes });
  });

  it('reads a 32 byte key in base64 of base64, too', async () => {
    const { credential, findings } = await examineKey(base64(keyBytes.subarray(0, 32).toString('base64')));
    expect(credential).toEqual({ type: 'symmetricKey', key: keyBytes.subarray(0, 32) });
    expect(findings).toMatchObject([{ problem: 'wrapped', severity: 'note' }]);
  });

  it.each([
    ['letters', 'abcdefghijklmnopqrstuvwxyz012345'],
    ['64 letters', 'abcdefghijklmnopqrstuvwxyz012345ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'],
    ['words', 'the key of device-001, which is 32'],
  ])('does not take a key that is made of %s for base64 of base64', async (_case, text) => {
    expect((await examineKey(base64(text))).credential).toEqual({ type: 'symmetricKey', key: Buffer.from(text) });
  });

  const connection = (text: string) => text.replace('KEY', key);
  it.each<[string, CredentialProblem, RegExp]>([
    [
      connection('HostName=h.azure-devices.net;DeviceId=d;SharedAccessKey=KEY'),
      'connectionString',
      /connection string of a device/,
    ],
    [
      connection(
        'HostName=h.azure-devices-provisioning.net;SharedAccessKeyName=provisioningserviceowner;SharedAccessKey=KEY',
      ),
      'connectionString',
      /of a DPS access policy/,
    ],
    [
      connection('HostName=h.azure-devices.net;SharedAccessKeyName=iothubowner;SharedAccessKey=KEY'),
      'connectionString',
      /of an IoT Hub access policy/,
    ],
    [connection('DefaultEndpointsProtocol=https;AccountName=a;AccountKey=KEY'), 'connectionString', /storage account/],
    [
      connection('Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=KEY'),
      'connectionString',
      /event hub/,
    ],
    [connection('SharedAccessKey=KEY'), 'connectionString', /part of a connection string/],
    [
      base64(connection('HostName=h.azure-devices.net;DeviceId=d;SharedAccessKey=KEY')),
      'connectionString',
      /of a device/,
    ],
    [connection('SharedAccessSignature sr=a%2Fregistrations%2Fb&sig=KEY&se=1'), 'sasToken', /a SAS token/],
    [
      '@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/x)',
      'reference',
      /reference to a Key Vault object/,
    ],
    ['https://v.vault.azure.net/secrets/x/1234', 'reference', /reference to a Key Vault object/],
    [connection('{"primaryKey":"KEY"}'), 'otherText', /a JSON document/],
    [encodeURIComponent(key), 'otherText', /percent-encoded base64/],
    [key.slice(0, 61), 'incompleteBase64', /base64 of 61 characters/],
    [key.replaceAll('+', '-').replaceAll('/', '_'), 'otherText', /base64url/],
    ['4f8c1a9e-0d3b-4c55-9a6e-1b2c3d4e5f60', 'otherText', /a GUID/],
    ['AB:CD:EF:01:23:45:67:89:AB:CD', 'otherText', /hexadecimal/],
    ['my secret key!', 'otherText', /neither base64 nor PEM/],
    ['', 'empty', /is empty/],
    ['  \n', 'empty', /is empty/],
  ])('names the kind of value, and never the value: %#', async (value, problem, words) => {
    for (const examined of [await examineKey(value), await examineCertificate(value)]) {
      expect(examined.credential).toBeUndefined();
      expect(examined.findings).toMatchObject([{ problem, severity: 'error', message: expect.stringMatching(words) }]);
      const said = JSON.stringify(examined);
      for (const part of [key, key.slice(0, 20), key.slice(-20), 'my secret', '4f8c1a9e'])
        expect(said).not.toContain(part);
    }
  });

  it('reports a certificate instead of a key, and a key instead of a certificate', async () => {
    for (const certificate of [pem, chain.leaf, writeVaultPkcs12(pem).toString('base64'), base64(pem)]) {
      expect((await examineKey(certificate)).findings).toMatchObject([{ problem: 'certificateForKey' }]);
    }
    const { findings } = await examineCertificate(key);
    expect(findings).toMatchObject([
      {
        problem: 'keyForCertificate',
        message: 'certificate "c" is a base64 key of 64 bytes, not a certificate with its private key',
      },
    ]);
  });

  it('suspects a hexadecimal key, which is valid base64 of another one', async () => {
    const { findings } = await examineKey(keyBytes.subarray(0, 32).toString('hex'));
    expect(findings).toMatchObject([{ problem: 'hexKey', severity: 'suspect' }]);
  });
});

describe('field report 9: forms of a certificate', () => {
  it.each<[string, () => string]>([
    ['base64 of PEM', () => base64(pem)],
    ['base64 of base64 of PEM', () => base64(base64(pem))],
    ['base64 of PEM in UTF-16, as PowerShell makes it', () => base64(`\uFEFF${pem}`, 'utf16le')],
    ['base64 of base64 of PKCS#12', () => base64(writeVaultPkcs12(pem).toString('base64'))],
  ])('reads %s', async (_case, value) => {
    await expectWholeChain(value(), ['wrapped']);
  });

  it.each(['X509 CERTIFICATE', 'TRUSTED CERTIFICATE'])('reads the label %s', async (label) => {
    await expectWholeChain(pem.replaceAll(' CERTIFICATE-', ` ${label}-`));
  });

  it('reads a TRUSTED CERTIFICATE with the notes that OpenSSL puts behind it', requires('openssl'), async () => {
    const options = [
      'x509',
      '-in',
      'leaf.pem',
      '-trustout',
      '-addtrust',
      'clientAuth',
      '-setalias',
      'canary',
      '-out',
      'out',
    ];
    const trusted = openssl(options, { 'leaf.pem': chain.leaf }).toString();
    expect(trusted).toContain('BEGIN TRUSTED CERTIFICATE');
    await expectWholeChain(chain.key + trusted + chain.intermediate + chain.root);
  });
});

describe('field report 22: spellings of PEM', () => {
  it.each<[string, () => string]>([
    ['CRLF', () => pem.replaceAll('\n', '\r\n')],
    ['a byte order mark', () => `\uFEFF${pem}`],
    ['no line break at its end', () => pem.trimEnd()],
    ['root first', () => chain.root + chain.intermediate + chain.leaf + chain.key],
    ['the root twice', () => chain.root + pem],
    [
      'bag attributes between the blocks',
      () => pem.replaceAll('-----BEGIN', 'Bag Attributes\n    localKeyID: 01 02\nsubject=CN = x\n-----BEGIN'),
    ],
    ['indented lines, as in YAML', () => pem.replaceAll('\n', '\n    ')],
    [
      'lines of 76 characters',
      () => pem.replace(/([A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, '$1').replace(/([A-Za-z0-9+/=]{76})/g, '$1\n'),
    ],
  ])('reads %s', async (_case, value) => {
    await expectWholeChain(value());
  });

  it('reads quotation marks around it, and notes them', async () => {
    await expectWholeChain(`"${pem}"`, ['wrapped']);
  });

  it('reads a SEC1 key with its PARAMETERS', async () => {
    const sec1 = createPrivateKey(chain.key).export({ type: 'sec1', format: 'pem' }).toString();
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    await expectWholeChain(parameters + sec1 + chain.leaf + chain.intermediate + chain.root);
  });

  it.each(['pkcs1', 'pkcs8'] as const)('reads an RSA key in %s', async (type) => {
    const rsa = await makeDeviceChain('rsa', registrationId);
    const text = createPrivateKey(rsa.key).export({ type, format: 'pem' }).toString();
    expect((await examineCertificate(text + rsa.leaf)).credential).toMatchObject({ bundle: { privateKey: rsa.key } });
  });
});

describe('a certificate that a probe cannot use', () => {
  const stranger = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const encrypted = (type: 'pkcs8' | 'sec1') =>
    createPrivateKey(chain.key).export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString();

  it.each<[string, () => string, CredentialProblem, RegExp]>([
    ['without its key', () => chain.leaf + chain.root, 'noPrivateKey', /holds no private key/],
    [
      'as bare DER without its key',
      () => new X509Certificate(chain.leaf).raw.toString('base64'),
      'noPrivateKey',
      /holds no private key/,
    ],
    ['that is only its key', () => chain.key, 'noCertificate', /a private key, but no certificate/],
    [
      'with the key of another certificate',
      () => stranger().export({ type: 'pkcs8', format: 'pem' }) + chain.leaf,
      'keyMismatch',
      /no certificate that belongs/,
    ],
    [
      'with an encrypted PKCS#8 key',
      () => encrypted('pkcs8') + chain.leaf,
      'encryptedKey',
      /encrypted with a passphrase/,
    ],
    [
      'with a key encrypted by PEM header lines',
      () => encrypted('sec1') + chain.leaf,
      'encryptedKey',
      /encrypted with a passphrase/,
    ],
    [
      'with such a key whose line breaks were lost',
      () => (encrypted('sec1') + chain.leaf).replaceAll('\n', ' '),
      'encryptedKey',
      /encrypted with a passphrase/,
    ],
    [
      'that is a request',
      () => '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----',
      'noPrivateKey',
      /a request for one/,
    ],
    ['that is a PKCS#7 bundle', () => '-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----', 'noPrivateKey', /PKCS#7/],
    [
      'with only the public key',
      () => createPublicKey(chain.leaf).export({ type: 'spki', format: 'pem' }) + chain.leaf,
      'noPrivateKey',
      /holds no private key/,
    ],
    [
      'whose block is something else',
      () => `${chain.key}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`,
      'damaged',
      /is not a certificate/,
    ],
    [
      'for another device',
      () => pem.replace(chain.leaf, '').replace(chain.key, '') + other.key + other.leaf,
      'commonName',
      /common name "someone-else"; the registrationId is "canary-001"/,
    ],
  ])('%s is described without its value', async (_case, value, problem, words) => {
    const examined = await examineCertificate(value());
    expect(examined.credential).toBeUndefined();
    expect(examined.findings.find(({ severity }) => severity === 'error')).toMatchObject({
      problem,
      message: expect.stringMatching(words),
    });
    expect(JSON.stringify(examined)).not.toMatch(/MII|BEGIN|asn1|ASN\.1|wrong tag|error:/i);
  });

  let other: DeviceChain;
  beforeAll(async () => {
    other = await makeDeviceChain('ec', 'someone-else');
  });
});

describe('a certificate that may explain a refusal', () => {
  it('field report 5: has a common name in another case, which the service does not distinguish', async () => {
    const { credential, findings } = await examineCertificate(pem, { registrationId: 'Canary-001' });
    expect(credential).toBeDefined();
    expect(findings).toMatchObject([{ problem: 'commonNameCase', severity: 'note' }]);
  });

  it.each<[string, Partial<CredentialToExamine>, CredentialProblem]>([
    ['expired', { now: Date.now() + 90 * 86_400_000 }, 'expired'],
    ['is not valid yet', { now: Date.now() - 90 * 86_400_000 }, 'notYetValid'],
    ['is not a CA, although the enrollment is a group', { enrollment: 'group' }, 'notAuthority'],
  ])('%s', async (_case, over, problem) => {
    const { credential, findings } = await examineCertificate(pem, over);
    expect(credential).toBeDefined();
    expect(findings).toMatchObject([{ problem, severity: 'suspect' }]);
  });

  it('has a chain that stops below its issuer, which is named', async () => {
    const { credential, findings } = await examineCertificate(chain.key + chain.leaf);
    expect(credential).toBeDefined();
    expect(findings).toMatchObject([
      { problem: 'chainIncomplete', severity: 'suspect', message: expect.stringContaining('"CN=ec intermediate"') },
    ]);
  });
});

describe('whatever a vault holds', () => {
  const planted = 'PlantedPartOfASecret';
  const pieces = fc.constantFrom(
    '-----BEGIN CERTIFICATE-----',
    '-----END CERTIFICATE-----',
    '-----BEGIN PRIVATE KEY-----',
    '-----END PRIVATE KEY-----',
    'HostName=h;SharedAccessKey=',
    'SharedAccessSignature sr=',
    'Proc-Type: 4,ENCRYPTED',
    '\\n',
    '\n',
    '"',
    ' ',
    'MIIBszCCAVmgAwIBAgIU',
    'MIAGCSqGSIb3DQEHAqCAMIA=',
    '====',
    '{',
    planted,
  );
  const parts = fc.array(fc.oneof(pieces, fc.string(), fc.base64String()), { maxLength: 12 });
  const text = parts.map((all) => all.join(''));
  const value = fc.oneof(
    text,
    text.map((inner) => base64(inner)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  );

  it('is described without any part of it, and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(value, fc.constantFrom(examineKey, examineCertificate), async (stored, examine) => {
        const { credential, findings, form } = await examine(`${stored}${planted}`);
        expect(form).not.toBe('');
        expect(JSON.stringify({ findings, form })).not.toContain(planted);
        expect(credential === undefined).toBe(findings.some(({ severity }) => severity === 'error'));
      }),
      { numRuns: 500 },
    );
  });

  it('is read in linear time, even if it is long and repetitive', async () => {
    for (const piece of [
      '-----BEGIN CERTIFICATE-----',
      '-----BEGIN ',
      'A',
      ' ',
      '\\',
      '`',
      '\r',
      '\\n',
      'SharedAccessKey=',
      '30',
      ';',
    ]) {
      // Quadratic time would be minutes.
      const long = piece.repeat(200_000 / piece.length);
      for (const stored of [long, `x${long}x`]) {
        expect((await examineKey(stored)).form).not.toBe('');
        expect((await examineCertificate(stored)).form).not.toBe('');
      }
    }
  });
});
