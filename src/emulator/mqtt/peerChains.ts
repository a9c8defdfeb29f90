import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** The certificates that devices presented, also for resumed TLS sessions. */
export interface PeerChains {
  /** Call once after the handshake. */
  add(socket: TLSSocket): void;
  /** Leaf first, then the other certificates that the device sent; empty without a device certificate. */
  of(socket: TLSSocket): readonly X509Certificate[];
}

/** Chains with intermediates; the least recently used one is deleted first. */
const maxChains = 1_000;

/**
 * A resumed session has the device's certificate, but OpenSSL's ticket does not contain its intermediates, so they are stored from the full
 * handshake. Storing does not mean trust: the enrollment checks the whole chain at each CONNECT.
 */
export function createPeerChains(): PeerChains {
  const chains = new WeakMap<TLSSocket, readonly X509Certificate[]>();
  const byLeaf = new Map<string, readonly X509Certificate[]>();
  return {
    of: (socket) => chains.get(socket) ?? [],
    add(socket) {
      const presented = presentedCertificates(socket);
      const [leaf] = presented;
      if (leaf === undefined) return;
      const { fingerprint256 } = leaf;
      const chain = socket.isSessionReused() ? (byLeaf.get(fingerprint256) ?? presented) : presented;
      chains.set(socket, chain);
      byLeaf.delete(fingerprint256);
      if (chain.length > 1) byLeaf.set(fingerprint256, chain);
      const [oldest] = byLeaf.keys();
      if (byLeaf.size > maxChains && oldest !== undefined) byLeaf.delete(oldest);
    },
  };
}

/** Only the first object that Node returns for a peer's certificate has the chain. */
function presentedCertificates(socket: TLSSocket): readonly X509Certificate[] {
  const presented: X509Certificate[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && !presented.some((seen) => seen.fingerprint256 === certificate?.fingerprint256)) {
    presented.push(certificate);
    certificate = certificate.issuerCertificate;
  }
  return presented;
}
