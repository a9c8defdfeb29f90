import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface JudgedByOpenssl {
  /** PEM. */
  readonly publicKey: string;
  readonly commonName: string;
}

interface Certificate {
  readonly file: string;
  readonly publicKey: string;
  readonly from: number;
  readonly until: number;
  readonly subjectHash: string;
  readonly issuerHash: string;
}

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
  const read = sent.map((one, index) => readCertificate(join(folder, `${index}.pem`), one));
  const certificates = read.filter((certificate) => certificate !== undefined);
  if (certificates.length < read.length) return 'malformed';
  const leaf = certificates.find((certificate) => certificate.publicKey === publicKey);
  if (leaf === undefined) return 'notOurKey';

  const subject = openssl('x509', '-in', leaf.file, '-noout', '-subject', '-nameopt', 'multiline').stdout;
  const names = subject.split(/\n| \+ /).filter((line) => /^\s*commonName\s*=/.test(line));
  if (names.length !== 1 || !names[0]?.endsWith(`= ${commonName}`)) return 'wrongName';

  const now = Date.now();
  if (certificates.some(({ from, until }) => from > now + toleranceMs || until < now - toleranceMs)) {
    return 'notInValidity';
  }
  return isUnbroken(leaf, certificates) ? undefined : 'brokenChain';
}

function isUnbroken(leaf: Certificate, certificates: readonly Certificate[]): boolean {
  if (leaf !== certificates[0] || certificates.length === 1) return false;
  // OpenSSL puts a chain into order: that each is signed by the very next is asked pair by pair.
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
function readCertificate(file: string, sent: unknown): Certificate | undefined {
  if (typeof sent !== 'string') return undefined;
  const input = Buffer.from(sent, 'base64');
  const pem = spawnSync('openssl', ['x509', '-inform', 'DER'], { input, encoding: 'utf8' }).stdout;
  if (pem === '' || pem.replace(/-----[A-Z ]+-----|\n/g, '') !== sent) return undefined;
  writeFileSync(file, pem);
  const questions = ['-pubkey', '-dates', '-dateopt', 'iso_8601', '-subject_hash', '-issuer_hash'];
  const lines = openssl('x509', '-in', file, '-noout', ...questions).stdout;
  const [subjectHash = '', issuerHash = ''] = lines.match(/^[0-9a-f]{8}$/gm) ?? [];
  const date = (name: string) =>
    Date.parse(new RegExp(`^${name}=(.+) (.+)$`, 'm').exec(lines)?.slice(1).join('T') ?? '');
  return {
    file,
    publicKey: /-----BEGIN PUBLIC KEY-----[\s\S]+-----END PUBLIC KEY-----\n/.exec(lines)?.[0] ?? '',
    from: date('notBefore'),
    until: date('notAfter'),
    subjectHash,
    issuerHash,
  };
}

function openssl(...parameters: readonly string[]) {
  return spawnSync('openssl', parameters, { encoding: 'utf8' });
}
