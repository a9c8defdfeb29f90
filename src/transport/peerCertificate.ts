import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { checkServerIdentity, type TLSSocket } from 'node:tls';

/**
 * At every handshake Node builds an object of the server's whole chain, only to compare one name with it: an eighth of the CPU of a
 * registration. This keeps it from that; `checkName` lets OpenSSL compare instead.
 */
export function deferCertificate(socket: TLSSocket): void {
  Object.defineProperty(socket, 'getPeerCertificate', { value: () => ({}) });
}

/** The `checkServerIdentity` of such a socket (RFC 6125). What does not match is judged again by Node, for its own error. */
export function checkName(certificate: X509Certificate | undefined, name: string): Error | undefined {
  const matches = isIP(name) === 0 ? certificate?.checkHost(name) : certificate?.checkIP(name);
  if (matches !== undefined) return undefined;
  return certificate
    ? checkServerIdentity(name, certificate.toLegacyObject())
    : new Error('the server presented no certificate');
}
