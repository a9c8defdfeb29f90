import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/**
 * Makes this process trust a stand-in's root, as `NODE_EXTRA_CA_CERTS` does for a process that is started with it. Call it before
 * the first connection: the product makes its TLS context once.
 */
export function trust(caPem: string): void {
  setDefaultCACertificates([...getCACertificates('default'), caPem]);
}
