import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls';

/** Who answered: the resolved address and the certificate chain that the server presented, also when it was not accepted. */
export interface ServerIdentity {
  readonly address: string;
  readonly family?: 4 | 6;
  readonly tlsProtocol?: string;
  /** The session was resumed, so that no certificate was presented. */
  readonly tlsSessionReused?: true;
  /** Of the leaf, as ISO 8601. */
  readonly certificateNotAfter?: string;
  /** Of the leaf: the issuer's common name, or its organisation where it has none. */
  readonly issuer?: string;
  /** SHA-256 of the last certificate of the chain, upper-case hexadecimal with colons. */
  readonly rootFingerprint256?: string;
  /** Leaf first, root last (where the trust store knows it). */
  readonly chain?: readonly ChainCertificate[];
}

export interface ChainCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly notAfter: string;
  readonly fingerprint256: string;
}

export function describeServer(socket: TLSSocket, certificate: PeerCertificate | undefined): ServerIdentity {
  const chain = certificate ? readChain(certificate) : [];
  const [leaf] = chain;
  const root = chain.at(-1);
  const tlsProtocol = socket.getProtocol();
  return {
    address: socket.remoteAddress ?? '',
    ...(socket.remoteFamily === 'IPv6' ? { family: 6 } : { family: 4 }),
    ...(tlsProtocol && { tlsProtocol }),
    ...(socket.isSessionReused() && { tlsSessionReused: true }),
    ...(leaf && { certificateNotAfter: leaf.notAfter, issuer: leaf.issuer }),
    ...(root && { rootFingerprint256: root.fingerprint256, chain }),
  };
}

/** Ten thousand devices of a simulation meet the same few chains: each is read and kept once. */
const knownChains = new Map<string, readonly ChainCertificate[]>();
const keptChains = 50;

function readChain(leaf: PeerCertificate): readonly ChainCertificate[] {
  const certificates = certificatesOf(leaf);
  // The whole chain is the key: the same leaf may come with another intermediate or under another root.
  const key = certificates.map(({ fingerprint256 }) => fingerprint256).join();
  const chain = knownChains.get(key) ?? certificates.map(describeCertificate);
  if (knownChains.size >= keptChains) knownChains.clear();
  knownChains.set(key, chain);
  return chain;
}

function certificatesOf(leaf: PeerCertificate): readonly PeerCertificate[] {
  const certificates: PeerCertificate[] = [];
  let next: Partial<DetailedPeerCertificate> | undefined = leaf;
  while (isCertificate(next) && !certificates.includes(next)) {
    certificates.push(next);
    next = next.issuerCertificate; // a root is its own issuer
  }
  return certificates;
}

/** A server that presents none leaves an empty object. */
function isCertificate(
  certificate: Partial<DetailedPeerCertificate> | undefined,
): certificate is DetailedPeerCertificate {
  return certificate?.fingerprint256 !== undefined;
}

function describeCertificate({ subject, issuer, valid_to, fingerprint256 }: PeerCertificate): ChainCertificate {
  const notAfter = new Date(valid_to).toISOString();
  return { subject: nameOf(subject), issuer: nameOf(issuer), notAfter, fingerprint256 };
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  return [name?.CN ?? name?.O ?? name?.OU ?? ''].flat().join(', ');
}
