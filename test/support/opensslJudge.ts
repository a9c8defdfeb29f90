import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface JudgedByOpenssl {
  /** PEM. */
  readonly publicKey: string;
  readonly commonName: string;
}

interface CertificateRead {
  readonly pem: string;
  readonly publicKey: string;
  readonly commonNames: readonly string[];
  readonly from: number;
  readonly until: number;
  readonly subjectHash: string;
  readonly issuerHash: string;
}

interface Certificate extends CertificateRead {
  readonly file: string;
}

/** Cached by the bytes that were sent: most chains share certificates, and each start of OpenSSL costs as much as the rest of a test. */
const read = new Map<string, CertificateRead | undefined>();

const toleranceMs = 5 * 60 * 1000;

/** The OpenSSL program's verdict on a chain, in the order of the causes; undefined: the chain is valid. */
export function judgeByOpenssl(sent: unknown, asked: JudgedByOpenssl): string | undefined {
  if (sent === undefined || sent === null) return 'missing';
  if (!Array.isArray(sent)) return 'malformed';
  if (sent.length === 0) return 'missing';
  const folder = mkdtempSync(join(tmpdir(), 'chain-'));
  try {
    return judgeIn(folder, sent, asked);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function judgeIn(folder: string, sent: readonly unknown[], { publicKey, commonName }: JudgedByOpenssl) {
  const certificates: Certificate[] = [];
  for (const one of sent) {
    if (typeof one !== 'string') return 'malformed';
    if (!read.has(one)) read.set(one, readCertificate(one));
    const certificate = read.get(one);
    if (certificate === undefined) return 'malformed';
    const file = join(folder, `${certificates.length}.pem`);
    writeFileSync(file, certificate.pem);
    certificates.push({ ...certificate, file });
  }
  const leaf = certificates.find((certificate) => certificate.publicKey === publicKey);
  if (leaf === undefined) return 'notOurKey';
  if (leaf.commonNames.length !== 1 || leaf.commonNames[0] !== commonName) return 'wrongName';

  const now = Date.now();
  if (certificates.some(({ from, until }) => from > now + toleranceMs || until < now - toleranceMs)) {
    return 'notInValidity';
  }
  return isUnbroken(leaf, certificates) ? undefined : 'brokenChain';
}

function isUnbroken(leaf: Certificate, certificates: readonly Certificate[]): boolean {
  if (leaf !== certificates[0] || certificates.length === 1) return false;
  // OpenSSL orders a chain itself, so each pair of neighbours is verified separately.
  const pairs = certificates.slice(0, -1).map((certificate, index) => [certificate, certificates[index + 1]] as const);
  const isEachSigned = pairs.every(
    ([{ issuerHash, file }, next]) => issuerHash === next?.subjectHash && verifies('-trusted', next.file, file),
  );
  if (!isEachSigned) return false;
  const untrusted = certificates.slice(1, -1).flatMap(({ file }) => ['-untrusted', file]);
  return verifies('-check_ss_sig', '-trusted', certificates.at(-1)?.file ?? '', ...untrusted, leaf.file);
}

function verifies(...parameters: readonly string[]): boolean {
  const ownTrust = ['-no-CApath', '-no-CAfile', '-no-CAstore'];
  return openssl('verify', '-no_check_time', '-partial_chain', ...ownTrust, ...parameters).status === 0;
}

/** Undefined if OpenSSL cannot read it, or would write it differently. */
function readCertificate(sent: string): CertificateRead | undefined {
  const questions = ['-pubkey', '-dates', '-dateopt', 'iso_8601', '-subject_hash', '-issuer_hash', '-subject'];
  const parameters = ['x509', '-inform', 'DER', ...questions, '-nameopt', 'multiline'];
  const input = Buffer.from(sent, 'base64');
  const { stdout } = spawnSync('openssl', parameters, { input, encoding: 'utf8' });
  const pem = blockOf(stdout, 'CERTIFICATE');
  if (pem === '' || pem.replace(/-----[A-Z ]+-----|\n/g, '') !== sent) return undefined;
  const [subjectHash = '', issuerHash = ''] = stdout.match(/^[0-9a-f]{8}$/gm) ?? [];
  const date = (name: string) =>
    Date.parse(new RegExp(`^${name}=(.+) (.+)$`, 'm').exec(stdout)?.slice(1).join('T') ?? '');
  return {
    pem,
    publicKey: blockOf(stdout, 'PUBLIC KEY'),
    commonNames: stdout.split(/\n| \+ /).flatMap((part) => /^ *commonName *= (.*)$/.exec(part)?.[1] ?? []),
    from: date('notBefore'),
    until: date('notAfter'),
    subjectHash,
    issuerHash,
  };
}

function blockOf(text: string, label: string): string {
  return new RegExp(`-----BEGIN ${label}-----[\\s\\S]+?-----END ${label}-----\n`).exec(text)?.[0] ?? '';
}

function openssl(...parameters: readonly string[]) {
  return spawnSync('openssl', parameters, { encoding: 'utf8' });
}
