import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pkcs12Options {
  /** PEM: the key and every certificate. */
  readonly pem: string;
  /** Key Vault's own exports have long been 3DES. */
  readonly cipher: 'aes256' | '3des';
  readonly password?: string;
}

/** A PKCS#12 file as OpenSSL, and not our own reader's library, writes it. */
export function makePkcs12({ pem, cipher, password = '' }: Pkcs12Options): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'pkcs12-'));
  try {
    const [source, target] = [join(folder, 'in.pem'), join(folder, 'out.pfx')];
    writeFileSync(source, pem);
    const algorithms =
      cipher === '3des' ? ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'] : [];
    execFileSync('openssl', [
      'pkcs12',
      '-export',
      ...algorithms,
      '-in',
      source,
      '-out',
      target,
      '-passout',
      `pass:${password}`,
    ]);
    return readFileSync(target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
