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

function readChain(leaf: PeerCertificate): ChainCertificate[] {
  const chain: ChainCertificate[] = [];
  let certificate: Partial<DetailedPeerCertificate> | undefined = leaf;
  while (certificate?.valid_to && certificate.fingerprint256) {
    const { fingerprint256 } = certificate;
    if (chain.some((known) => known.fingerprint256 === fingerprint256)) break; // a root is its own issuer
    chain.push({
      subject: nameOf(certificate.subject),
      issuer: nameOf(certificate.issuer),
      notAfter: new Date(certificate.valid_to).toISOString(),
      fingerprint256,
    });
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  return [name?.CN ?? name?.O ?? name?.OU ?? ''].flat().join(', ');
}
