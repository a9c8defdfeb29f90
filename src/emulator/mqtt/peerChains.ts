import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** The certificates that devices presented, those of resumed TLS sessions included. */
export interface PeerChains {
  /** Call once, when the handshake has ended. */
  meet(socket: TLSSocket): void;
  /** Leaf first, then the other certificates that the device sent; empty without a device certificate. */
  of(socket: TLSSocket): readonly X509Certificate[];
}

/** Of devices with intermediates; the one that connected longest ago is forgotten first. */
const maxChains = 1_000;

/**
 * A resumed session brings the device's certificate back, but OpenSSL's ticket leaves out the intermediates that came with it.
 * What a leaf was sent with is therefore remembered from its full handshake. Nothing is trusted because it is remembered: the
 * enrollment judges the whole chain at each CONNECT.
 */
export function createPeerChains(): PeerChains {
  const met = new WeakMap<TLSSocket, readonly X509Certificate[]>();
  const byLeaf = new Map<string, readonly X509Certificate[]>();
  return {
    of: (socket) => met.get(socket) ?? [],
    meet(socket) {
      const presented = presentedCertificates(socket);
      const [leaf] = presented;
      if (leaf === undefined) return;
      const { fingerprint256 } = leaf;
      const chain = socket.isSessionReused() ? (byLeaf.get(fingerprint256) ?? presented) : presented;
      met.set(socket, chain);
      byLeaf.delete(fingerprint256);
      if (chain.length > 1) byLeaf.set(fingerprint256, chain);
      const [oldest] = byLeaf.keys();
      if (byLeaf.size > maxChains && oldest !== undefined) byLeaf.delete(oldest);
    },
  };
}

/** Node returns the chain with the first object that it makes of a peer's certificate, and later ones lack it. */
function presentedCertificates(socket: TLSSocket): readonly X509Certificate[] {
  const presented: X509Certificate[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && !presented.some((seen) => seen.fingerprint256 === certificate?.fingerprint256)) {
    presented.push(certificate);
    certificate = certificate.issuerCertificate;
  }
  return presented;
}
