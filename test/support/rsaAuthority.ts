import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A self-signed RSA CA, key and certificate as PEM, made by OpenSSL. */
export function makeRsaAuthority(commonName: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rsa-ca-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${commonName}`];
    execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return `${readFileSync(key, 'utf8')}\n${readFileSync(cert, 'utf8')}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
