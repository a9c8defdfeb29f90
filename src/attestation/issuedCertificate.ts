import type { KeyObject, X509Certificate } from 'node:crypto';
import { type ChainCertificate, describeCertificate } from '../transport/serverIdentity.ts';
import { findBreak } from './chainOrder.ts';
import { readCertificates } from './readCertificates.ts';

/** An operational certificate as a run reports it. CONTRACT: the names are fixed. Never contains the private key. */
export interface IssuedCertificate {
  /** The common name. */
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal. */
  readonly serialNumber: string;
  /** ISO 8601. */
  readonly notBefore: string;
  /** ISO 8601. */
  readonly notAfter: string;
  /** Upper-case hexadecimal with colons. */
  readonly fingerprint256: string;
  /** SubjectPublicKeyInfo as base64 of its DER. */
  readonly publicKey: string;
  /** As received: leaf first, root last. */
  readonly chain: readonly ChainCertificate[];
}

/** What can be wrong with an issued chain, in the order of the checks: the first error is reported. */
export const issuanceErrors = [
  'missing',
  'malformed',
  'notOurKey',
  'wrongName',
  'notInValidity',
  'brokenChain',
] as const;

export type IssuanceError = (typeof issuanceErrors)[number];

export type IssuedChain =
  | {
      readonly kind: 'issued';
      readonly certificate: IssuedCertificate;
      /** The whole chain as PEM, leaf first: what is presented in TLS. */
      readonly certificateChain: string;
    }
  | { readonly kind: 'notIssued'; readonly cause: IssuanceError; readonly message: string };

/** What was requested. */
export interface ExpectedCertificate {
  readonly publicKey: KeyObject;
  /** Any of these may be the leaf's common name. */
  readonly commonNames: readonly string[];
  /** Milliseconds since 1970-01-01 UTC. */
  readonly atMs: number;
}

/** For the difference between our clock and the issuer's. */
const toleranceMs = 5 * 60 * 1000;

/** Judges a chain that a service has issued, as received: an array of base64 DER, leaf first. Never rejects. */
export async function judgeIssuedChain(sent: unknown, expected: ExpectedCertificate): Promise<IssuedChain> {
  const read = readCertificates(sent);
  if (read.kind !== 'certificates') return notIssued(read.kind, read.message);
  const { certificates } = read;

  const leaf = certificates.find((certificate) => hasKey(certificate, expected.publicKey));
  if (!leaf) return notIssued('notOurKey', 'no certificate of the chain is for the public key of the request');

  const names = commonNamesOf(leaf);
  if (names.length !== 1 || !expected.commonNames.includes(names[0] ?? '')) {
    const { subject } = describeCertificate(leaf);
    const wanted = expected.commonNames.join(' or ');
    return notIssued('wrongName', `the common name is "${subject}", but ${wanted} was requested`);
  }
  for (const certificate of certificates) {
    const problem = outsideValidity(certificate, expected.atMs);
    if (problem) return notIssued('notInValidity', problem);
  }
  if (certificates[0] !== leaf) {
    const place = `number ${certificates.indexOf(leaf) + 1} of ${certificates.length}`;
    return notIssued('brokenChain', `the device's own certificate is ${place}, and must be the first`);
  }
  const broken = await findBreak(certificates);
  if (broken) return notIssued('brokenChain', broken);
  return {
    kind: 'issued',
    certificate: describeIssued(leaf, certificates),
    certificateChain: certificates.map((certificate) => certificate.toString()).join(''),
  };
}

function notIssued(cause: IssuanceError, message: string): IssuedChain {
  return { kind: 'notIssued', cause, message };
}

/** Compares keys, not their encodings: an EC point may be compressed in only one of them. */
function hasKey(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.publicKey.equals(key);
  } catch {
    return false; // OpenSSL does not support this kind of key, so it is not ours
  }
}

/**
 * Node prints a name as OpenSSL does: one attribute per line, several of one set joined with " + ", special characters escaped. A
 * registrationId contains no special characters, so it equals only an identical value.
 */
function commonNamesOf({ subject }: X509Certificate): readonly string[] {
  return subject
    .split(/\n| \+ /)
    .filter((attribute) => attribute.startsWith('CN='))
    .map((attribute) => attribute.slice('CN='.length));
}

function outsideValidity(certificate: X509Certificate, atMs: number): string | undefined {
  const { validFromDate, validToDate } = certificate;
  const { subject } = describeCertificate(certificate);
  if (validFromDate.getTime() > atMs + toleranceMs) {
    return `the certificate of ${subject} is not valid before ${validFromDate.toISOString()}`;
  }
  if (validToDate.getTime() < atMs - toleranceMs) {
    return `the certificate of ${subject} expired on ${validToDate.toISOString()}`;
  }
  return undefined;
}

function describeIssued(leaf: X509Certificate, certificates: readonly X509Certificate[]): IssuedCertificate {
  const { subject, issuer, notAfter, fingerprint256 } = describeCertificate(leaf);
  return {
    subject,
    issuer,
    serialNumber: leaf.serialNumber,
    notBefore: leaf.validFromDate.toISOString(),
    notAfter,
    fingerprint256,
    publicKey: leaf.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    chain: certificates.map(describeCertificate),
  };
}
