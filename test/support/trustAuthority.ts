import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/**
 * Makes this process trust a certificate authority beside those it trusts already: what `NODE_EXTRA_CA_CERTS` does for
 * a process that is yet to start.
 */
export function trustAuthority(caPem: string): void {
  setDefaultCACertificates([...getCACertificates('default'), caPem]);
}
