import { X509Certificate } from 'node:crypto';
import { getCACertificates, type TLSSocket } from 'node:tls';
import { printable } from './printable.ts';

/** The server's address and the certificate chain that it presented, also when the chain was not accepted. */
export interface ServerIdentity {
  readonly address: string;
  readonly family?: 4 | 6;
  readonly tlsProtocol?: string;
  /** The session was resumed, so the server presented no certificate. */
  readonly tlsSessionReused?: true;
  /** Of the leaf, as ISO 8601. */
  readonly certificateNotAfter?: string;
  /** Of the leaf: the issuer's common name, or its organisation if it has none. */
  readonly issuer?: string;
  /** SHA-256 of the last certificate of the chain, upper-case hexadecimal with colons. */
  readonly rootFingerprint256?: string;
  /** Leaf first, root last (if the trust store has it). */
  readonly chain?: readonly ChainCertificate[];
}

export interface ChainCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly notAfter: string;
  readonly fingerprint256: string;
}

/** A certificate of the handshake as Node reads it. If the chain was read, each holds the one that issued it. */
export interface PresentedCertificate {
  readonly fingerprint256: string;
  /** DER. */
  readonly raw: Buffer;
  readonly issuerCertificate?: PresentedCertificate | undefined;
}

/**
 * Reads the server's identity while the socket is open, and returns a function that describes it. Call that after the exchange: describing
 * a new chain takes a few milliseconds.
 *
 * @param readWhole if only the leaf was read: its chain is read once for all connections that present this leaf
 */
export function captureServer(
  socket: TLSSocket,
  certificate: PresentedCertificate | undefined,
  readWhole?: () => PresentedCertificate | undefined,
): () => ServerIdentity {
  const { remoteAddress: address = '', remoteFamily } = socket;
  const tlsProtocol = socket.getProtocol();
  const reused = socket.isSessionReused();
  const readChain = certificate ? chainReader(certificate, readWhole) : () => [];
  return () => {
    const chain = readChain();
    const [leaf] = chain;
    const root = chain.at(-1);
    return {
      address,
      family: remoteFamily === 'IPv6' ? 6 : 4,
      ...(tlsProtocol && { tlsProtocol }),
      ...(reused && { tlsSessionReused: true }),
      ...(leaf && { certificateNotAfter: leaf.notAfter, issuer: leaf.issuer }),
      ...(root && { rootFingerprint256: root.fingerprint256, chain }),
    };
  };
}

type Chain = readonly ChainCertificate[];

/** All devices of a simulation see the same few chains, so each is described once. */
const knownChains = new Map<string, Chain>();
const maxKnownChains = 50;
/** Real chains have three or four certificates; a handshake could hold hundreds. */
const maxChainLength = 10;
const maxNameCharacters = 200;

/** Keeps the certificates in memory only when the chain is new. */
function chainReader(
  certificate: PresentedCertificate,
  readWhole?: () => PresentedCertificate | undefined,
): () => Chain {
  // The key of a whole chain has all certificates, because the same leaf may be sent with another intermediate.
  const sent = sentCertificates(certificate);
  const key = readWhole
    ? `leaf ${certificate.fingerprint256}`
    : sent.map(({ fingerprint256 }) => fingerprint256).join();
  const known = knownChains.get(key);
  if (known) return () => known;
  const whole = readWhole?.();
  return () => readChain(key, whole ? sentCertificates(whole) : sent);
}

function readChain(key: string, presented: readonly PresentedCertificate[]): Chain {
  const sent = presented.map(({ raw }) => new X509Certificate(raw));
  const whole = [...sent, ...trustedRootOf(sent)];
  const chain = [...whole.slice(0, maxChainLength - 1), ...whole.slice(maxChainLength - 1).slice(-1)].map(
    describeCertificate,
  );
  if (knownChains.size >= maxKnownChains) knownChains.clear();
  knownChains.set(key, chain);
  return chain;
}

function sentCertificates(leaf: PresentedCertificate): readonly PresentedCertificate[] {
  const sent = [leaf];
  for (let next = leaf.issuerCertificate; next; next = next.issuerCertificate) {
    const { fingerprint256 } = next;
    if (sent.some((known) => known.fingerprint256 === fingerprint256)) break;
    sent.push(next);
  }
  return sent;
}

/** Servers do not send the root. Finds it in this process's trust store: it issued the last certificate that was sent. */
function trustedRootOf(sent: readonly X509Certificate[]): readonly X509Certificate[] {
  const last = sent.at(-1);
  if (!last || last.checkIssued(last)) return [];
  const root = trustedBy(last.issuer)
    .map((pem) => new X509Certificate(pem))
    .find((trusted) => last.checkIssued(trusted) && last.verify(trusted.publicKey));
  return root ? [root] : [];
}

/** Parsing the whole trust store takes tens of milliseconds, so only certificates whose bytes contain the issuer's name are parsed. */
function trustedBy(issuer: string): readonly string[] {
  const trusted = getCACertificates('default');
  const name = mainAttribute(issuer);
  if (!/^[ -~]+$/.test(name) || name.includes('\\')) return trusted; // OpenSSL prints it differently from its bytes
  return trusted.filter((pem) => Buffer.from(pem.replace(/-----.*?-----/g, ''), 'base64').includes(name));
}

/** RFC 5280 section 4.1.2.5: the value for a certificate without a well-defined expiration. Also used for a date that cannot be read. */
const noExpiry = '9999-12-31T23:59:59.000Z';

/** Names are common names, or organisations if there is none. */
export function describeCertificate({
  subject,
  issuer,
  validToDate,
  fingerprint256,
}: X509Certificate): ChainCertificate {
  const notAfter = Number.isNaN(validToDate.getTime()) ? noExpiry : validToDate.toISOString();
  return { subject: nameOf(subject), issuer: nameOf(issuer), notAfter, fingerprint256 };
}

function nameOf(distinguishedName: string): string {
  return printable(mainAttribute(distinguishedName), maxNameCharacters);
}

/** The common name of a distinguished name, else the organisation. OpenSSL prints one attribute per line. */
function mainAttribute(distinguishedName: string): string {
  const attribute = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(distinguishedName)?.[1];
  return attribute('CN') ?? attribute('O') ?? attribute('OU') ?? '';
}
