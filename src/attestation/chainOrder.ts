import type { X509Certificate } from 'node:crypto';
import { describeCertificate } from '../transport/serverIdentity.ts';
import { loadX509 } from './x509Library.ts';

type Chain = readonly [X509Certificate, ...X509Certificate[]];

/**
 * Returns a sentence about the first break of a chain, or undefined. Each certificate must be signed by the next, and each signer must be a
 * CA whose path length allows the CAs below it (RFC 5280 section 6.1.4). The root may be missing. The leaf's issuer must be there, because
 * devices present it.
 */
export async function findBreak(chain: Chain): Promise<string | undefined> {
  const [leaf, ...issuers] = chain;
  if (issuers.length === 0) return "the issuer's certificate is missing";
  for (const [index, issuer] of issuers.entries()) {
    const broken = await breakBetween(chain[index] ?? leaf, issuer, index);
    if (broken) return broken;
  }
  const last = chain.at(-1) ?? leaf;
  if (last.issuer !== last.subject || isSignedBy(last, last)) return undefined;
  return `the root certificate ${nameOf(last)} has an invalid signature`;
}

/** @param below number of CAs between the issuer and the leaf */
async function breakBetween(
  certificate: X509Certificate,
  issuer: X509Certificate,
  below: number,
): Promise<string | undefined> {
  if (!isSignedBy(certificate, issuer))
    return `${nameOf(certificate)} is not signed by the next one, ${nameOf(issuer)}`;
  if (!issuer.ca) return `${nameOf(issuer)} may not sign certificates: it is not a CA`;
  const pathLength = await pathLengthOf(issuer);
  if (pathLength !== undefined && below > pathLength) {
    return `${nameOf(issuer)} may have at most ${pathLength} CAs below it, but has ${below}`;
  }
  return undefined;
}

function nameOf(certificate: X509Certificate): string {
  return describeCertificate(certificate).subject;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  if (!certificate.ca) return verifies(certificate, issuer);
  const pair = `${certificate.fingerprint256} ${issuer.fingerprint256}`;
  const known = signedAuthorities.get(pair);
  if (known !== undefined) return known;
  const verified = verifies(certificate, issuer);
  keep(signedAuthorities, pair, verified);
  return verified;
}

function verifies(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false; // OpenSSL does not support this kind of key or signature
  }
}

/** Node does not expose the path length constraint. */
async function pathLengthOf({ fingerprint256, raw }: X509Certificate): Promise<number | undefined> {
  if (!pathLengths.has(fingerprint256)) {
    const x509 = await loadX509();
    const constraints = new x509.X509Certificate(raw).getExtension(x509.BasicConstraintsExtension);
    keep(pathLengths, fingerprint256, constraints?.pathLength);
  }
  return pathLengths.get(fingerprint256);
}

/** All devices of a simulation see the same few CAs, so each is verified and parsed once. */
const signedAuthorities = new Map<string, boolean>();
const pathLengths = new Map<string, number | undefined>();
const maxCached = 50;

function keep<Value>(known: Map<string, Value>, key: string, value: Value): void {
  if (known.size >= maxCached) known.clear();
  known.set(key, value);
}
