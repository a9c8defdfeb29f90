/**
 * Certificates of the stand-ins, created at start and never stored in the repository: a root, an intermediate under it (so that every chain
 * is a real chain) and leaves on demand.
 */
import 'reflect-metadata'; // @peculiar/x509 needs this polyfill to be loaded first
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate with its key, for `tls`: `cert` has the leaf and then its intermediates, never the root. */
export interface IssuedCertificate {
  readonly cert: string;
  /** PKCS#8 PEM. */
  readonly key: string;
}

export interface Validity {
  /** Default: a day ago, so that a clock that is behind accepts it. */
  readonly notBefore?: Date;
  /** Default: 90 days ahead. */
  readonly notAfter?: Date;
}

export interface ClientOptions extends Validity {
  /** DPS and IoT Hub read the device's ID from here. */
  readonly commonName: string;
  /** `'root'` leaves the intermediate out of the chain. */
  readonly issuer?: 'intermediate' | 'root';
}

export interface LocalAuthority {
  /** The root certificate, which clients must trust. */
  readonly caPem: string;
  readonly root: IssuedCertificate;
  /** A CA certificate under the root; its `cert` is that one certificate. */
  readonly intermediate: IssuedCertificate;
  /** A server certificate for these DNS names and IP addresses; `localhost`, `127.0.0.1` and `::1` when none are given. */
  issueServer(names?: readonly string[], validity?: Validity): Promise<IssuedCertificate>;
  issueClient(options: ClientOptions): Promise<IssuedCertificate>;
}

/** A name and its key pair: the issuer or the subject of a certificate. */
export interface Issuer {
  readonly name: string;
  readonly keys: CryptoKeyPair;
}

/** The subject of a certificate, without its private key. */
export interface Subject {
  readonly name: string;
  readonly keys: { readonly publicKey: webcrypto.CryptoKey };
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

/** P-256, because it is fast: tests create thousands of device certificates. */
const fastKeys = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** The algorithm of operational certificates. */
export const operationalKeys = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' } as const;
type KeyAlgorithm = typeof fastKeys | typeof operationalKeys;

export const dayMs = 86_400_000;
const localNames = ['localhost', '127.0.0.1', '::1'];

/** A new root with one intermediate. `commonName` distinguishes several authorities in one test. */
export async function createLocalAuthority(commonName = 'DPS Canary local'): Promise<LocalAuthority> {
  const root = await newIssuer(`${commonName} root`);
  const intermediate = await newIssuer(`${commonName} intermediate`);
  const rootCert = await signAuthority(root, root);
  const intermediateCert = await signAuthority(root, intermediate);

  async function issueLeaf(issuer: Issuer, subject: string, extensions: readonly Extension[], validity: Validity) {
    const leaf = await newIssuer(subject);
    const cert = await signLeaf(issuer, leaf, extensions, validity);
    return { cert: issuer === root ? cert : `${cert}\n${intermediateCert}`, key: await keyPem(leaf.keys) };
  }

  return {
    caPem: rootCert,
    root: { cert: rootCert, key: await keyPem(root.keys) },
    intermediate: { cert: intermediateCert, key: await keyPem(intermediate.keys) },
    issueServer: (names = localNames, validity = {}) =>
      issueLeaf(intermediate, names[0] ?? 'localhost', serverExtensions(names), validity),
    issueClient: (options) =>
      issueLeaf(options.issuer === 'root' ? root : intermediate, options.commonName, [clientUsage()], options),
  };
}

/** A self-signed certificate: for a device of an individual enrollment, or for a server that no client trusts. */
export async function createSelfSigned(
  options: Validity & { readonly commonName: string; readonly names?: readonly string[] },
): Promise<IssuedCertificate> {
  const self = await newIssuer(options.commonName);
  const extensions = options.names === undefined ? [clientUsage()] : serverExtensions(options.names);
  const cert = await signLeaf(self, self, extensions, options);
  return { cert, key: await keyPem(self.keys) };
}

/** New keys under this common name. */
export async function newIssuer(commonName: string, algorithm: KeyAlgorithm = fastKeys): Promise<Issuer> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return { name: nameOf(commonName), keys: keys as CryptoKeyPair };
}

/** Signs a CA certificate (PEM). */
export async function signAuthority(issuer: Issuer, subject: Issuer, validity?: Validity): Promise<string> {
  const extensions = [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ];
  return sign(issuer, subject, extensions, validity);
}

/** Signs the certificate (PEM) of a server or a device. */
export async function signLeaf(
  issuer: Issuer,
  subject: Subject,
  usage: readonly Extension[],
  validity?: Validity,
): Promise<string> {
  const extensions = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
  ];
  return sign(issuer, subject, [...extensions, ...usage], validity);
}

async function sign(
  issuer: Issuer,
  subject: Subject,
  extensions: readonly Extension[],
  validity: Validity = {},
): Promise<string> {
  const now = Date.now();
  const { namedCurve } = issuer.keys.privateKey.algorithm as webcrypto.EcKeyAlgorithm;
  const certificate = await X509CertificateGenerator.create({
    subject: subject.name,
    issuer: issuer.name,
    publicKey: subject.keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: namedCurve === operationalKeys.namedCurve ? operationalKeys : fastKeys,
    notBefore: validity.notBefore ?? new Date(now - dayMs),
    notAfter: validity.notAfter ?? new Date(now + 90 * dayMs),
    extensions: [...extensions, ...(await keyIdentifiers(issuer, subject))],
  });
  return certificate.toString('pem');
}

async function keyIdentifiers(issuer: Issuer, subject: Subject): Promise<Extension[]> {
  return [
    await SubjectKeyIdentifierExtension.create(subject.keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey),
  ];
}

function serverExtensions(names: readonly string[]): Extension[] {
  return [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name }))),
  ];
}

export function clientUsage(): Extension {
  return new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]);
}

export function nameOf(commonName: string): string {
  return `CN=${commonName.replace(/[\\,+"<>;=#]/g, (character) => `\\${character}`)}`;
}

async function keyPem(keys: CryptoKeyPair): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), PemConverter.PrivateKeyTag);
}
