import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { checkServerIdentity, type TLSSocket } from 'node:tls';

/**
 * At every handshake Node builds an object of the server's whole chain, only to compare one name with it: an eighth of the CPU of a
 * registration, which a simulation of ten thousand devices cannot spare. For them alone this keeps Node from it, and `checkName` lets
 * OpenSSL compare the name instead. test/transport/serverVerdict.test.ts holds both ways to OpenSSL's verdict.
 */
export function skipLegacyCertificate(socket: TLSSocket): void {
  Object.defineProperty(socket, 'getPeerCertificate', { value: () => ({}) });
}

/** The `checkServerIdentity` of such a socket (RFC 6125). Where the name does not match, Node judges again, for its own error. */
export function checkName(certificate: X509Certificate | undefined, name: string): Error | undefined {
  const matches = isIP(name) === 0 ? certificate?.checkHost(name) : certificate?.checkIP(name);
  if (matches !== undefined) return undefined;
  return certificate
    ? checkServerIdentity(name, certificate.toLegacyObject())
    : new Error('the server presented no certificate');
}
