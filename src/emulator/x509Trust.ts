import type { X509Certificate } from 'node:crypto';

/** The certificates or authorities that an enrollment or a hub trusts. */
export type X509Trust =
  | { readonly kind: 'certificates'; readonly accepted: readonly X509Certificate[] }
  | { readonly kind: 'authorities'; readonly accepted: readonly X509Certificate[] };

export type X509Verdict = 'trusted' | 'untrusted' | 'notValidNow' | 'wrongCommonName';

const maxChainLength = 10;

/**
 * Checks that a presented chain (leaf first) authenticates the device `id`: the leaf is an accepted certificate, or the chain leads to an
 * accepted authority; every certificate of the chain is valid now; and the leaf's common name is the ID.
 */
export function judgeCertificates(
  presented: readonly X509Certificate[],
  trust: X509Trust,
  id: string,
  now: Date,
  clockSkewSeconds = 0,
): X509Verdict {
  const [leaf] = presented;
  if (leaf === undefined) return 'untrusted';
  const chain =
    trust.kind === 'certificates' ? acceptedItself(leaf, trust.accepted) : chainTo(presented, trust.accepted);
  if (chain === undefined) return 'untrusted';
  if (!chain.every((certificate) => isValidAt(certificate, now, clockSkewSeconds))) return 'notValidNow';
  return commonNameOf(leaf)?.toLowerCase() === id.toLowerCase() ? 'trusted' : 'wrongCommonName';
}

function commonNameOf(certificate: X509Certificate): string | undefined {
  const line = certificate.subject?.split('\n').find((part) => part.startsWith('CN='));
  return line?.slice('CN='.length).replace(/\\(.)/g, '$1');
}

function acceptedItself(leaf: X509Certificate, accepted: readonly X509Certificate[]): X509Certificate[] | undefined {
  return accepted.some((known) => known.fingerprint256 === leaf.fingerprint256) ? [leaf] : undefined;
}

function chainTo(
  presented: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): X509Certificate[] | undefined {
  const [leaf, ...intermediates] = presented;
  if (leaf === undefined) return undefined;
  const chain = [leaf];
  for (let last = leaf; chain.length < maxChainLength; ) {
    const authority = authorities.find((candidate) => issued(candidate, last));
    if (authority !== undefined) return [...chain, authority];
    const issuer = intermediates.find((candidate) => !chain.includes(candidate) && issued(candidate, last));
    if (issuer === undefined) return undefined;
    chain.push(issuer);
    last = issuer;
  }
  return undefined;
}

/** RFC 5280 section 6.1: the names match, the issuer is a CA, and its signature is valid. */
function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, now: Date, skewSeconds: number): boolean {
  const skewMs = skewSeconds * 1000;
  return validFromDate.getTime() - skewMs <= now.getTime() && now.getTime() <= validToDate.getTime() + skewMs;
}
