import { createHash, createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import type { LocalSecret } from './secretStore.ts';

const { asn1, pki } = forge;
type Asn1 = forge.asn1.Asn1;

export interface VaultPkcs12Options {
  /** `none` is what Key Vault writes; `3des` encrypts key and certificates under the same password. Default: `none`. */
  readonly encryption?: 'none' | '3des';
  /** `null` is what Key Vault writes: no password at all, which is not the empty one (RFC 7292 §B.1). Default: `null`. */
  readonly password?: string | null;
}

const macIterations = 2048;
const macSaltBytes = 8;
/** RFC 7292 §B.3: this key is for the MAC. */
const macKeyPurpose = 3;
const sha1Bytes = 20;

/** The secret from which a Key Vault certificate is read with its key. It has the dates of the certificate. */
export function certificateSecret(pem: string, form: 'pkcs12' | 'pem'): LocalSecret {
  const { validFrom, validTo } = new X509Certificate(pem);
  const dates = { notBefore: new Date(validFrom).toISOString(), expiresOn: new Date(validTo).toISOString() };
  return form === 'pem'
    ? { value: pem, contentType: 'application/x-pem-file', ...dates }
    : { value: writeVaultPkcs12(pem).toString('base64'), contentType: 'application/x-pkcs12', ...dates };
}

/**
 * Writes a key and its certificates (PEM) as Key Vault does for `application/x-pkcs12`: plain bags, and a MAC under the **null** password.
 * A reader that supports only the empty password reports a wrong password (notation-azure-kv#124).
 * @param pem one private key and its certificate first, then the chain.
 */
export function writeVaultPkcs12(
  pem: string,
  { encryption = 'none', password: given = null }: VaultPkcs12Options = {},
): Buffer {
  const password = given as string; // The library accepts null, but its types do not show it.
  const key = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  const chain = (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map(
    (block) => new X509Certificate(block).raw,
  );
  const [leaf] = chain;
  if (!leaf) throw new TypeError('expected PEM with a certificate');
  const localKeyId = createHash('sha1').update(leaf).digest();
  const isEncrypted = encryption === '3des';
  const encrypt = (structure: Asn1) =>
    pki.encryptPrivateKeyInfo(structure, password, { algorithm: '3des', count: macIterations });

  const certificates = sequence(chain.map((der) => certificateBag(der, der === leaf ? localKeyId : undefined)));
  const keys = sequence([keyBag(asn1.fromDer(key.toString('binary')), localKeyId, isEncrypted ? encrypt : undefined)]);
  const contents = [isEncrypted ? encryptedContent(encrypt(certificates)) : content(certificates), content(keys)];
  const safe = asn1.toDer(sequence(contents)).getBytes();
  const file = sequence([integer(3), contentInfo('data', octets(safe)), macOf(safe, password)]);
  return Buffer.from(asn1.toDer(file).getBytes(), 'binary');
}

function certificateBag(der: Buffer, localKeyId?: Buffer): Asn1 {
  const value = sequence([oid('x509Certificate'), explicit(octets(der.toString('binary')))]);
  return sequence([oid('certBag'), explicit(value), ...(localKeyId ? [attributes(localKeyId)] : [])]);
}

function keyBag(privateKeyInfo: Asn1, localKeyId: Buffer, encrypt?: (structure: Asn1) => Asn1): Asn1 {
  const type = encrypt ? 'pkcs8ShroudedKeyBag' : 'keyBag';
  return sequence([oid(type), explicit(encrypt?.(privateKeyInfo) ?? privateKeyInfo), attributes(localKeyId)]);
}

function attributes(localKeyId: Buffer): Asn1 {
  const id = sequence([oid('localKeyId'), set([octets(localKeyId.toString('binary'))])]);
  return set([id]);
}

function content(safeContents: Asn1): Asn1 {
  return contentInfo('data', octets(asn1.toDer(safeContents).getBytes()));
}

/** EncryptedData (RFC 5652 §8). The library encrypts any structure in the same way as a key. */
function encryptedContent(encrypted: Asn1): Asn1 {
  const [algorithm, ciphertext] = encrypted.value as Asn1[];
  if (!algorithm || !ciphertext) throw new TypeError('the library wrote no EncryptedPrivateKeyInfo');
  const implicit = asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0 as forge.asn1.Type, false, ciphertext.value);
  const info = sequence([oid('data'), algorithm, implicit]);
  return contentInfo('encryptedData', sequence([integer(0), info]));
}

function macOf(safe: string, password: string): Asn1 {
  const salt = randomBytes(macSaltBytes).toString('binary');
  const md = forge.md.sha1.create();
  const saltBuffer = forge.util.createBuffer(salt);
  const key = forge.pkcs12.generateKey(password, saltBuffer, macKeyPurpose, macIterations, sha1Bytes);
  const hmac = forge.hmac.create();
  hmac.start(md, key.getBytes());
  hmac.update(safe);
  const algorithm = sequence([oid('sha1'), asn1.create(asn1.Class.UNIVERSAL, asn1.Type.NULL, false, '')]);
  return sequence([sequence([algorithm, octets(hmac.digest().getBytes())]), octets(salt), integer(macIterations)]);
}

function contentInfo(type: 'data' | 'encryptedData', value: Asn1): Asn1 {
  return sequence([oid(type), explicit(value)]);
}

function explicit(value: Asn1): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0 as forge.asn1.Type, true, [value]);
}

function sequence(values: Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, values);
}

function set(values: Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, values);
}

function octets(bytes: string): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OCTETSTRING, false, bytes);
}

function integer(value: number): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.INTEGER, false, asn1.integerToDer(value).getBytes());
}

function oid(name: string): Asn1 {
  const bytes = asn1.oidToDer(pki.oids[name] ?? name).getBytes();
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, bytes);
}
