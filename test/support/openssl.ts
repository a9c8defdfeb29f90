import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pkcs12Options {
  /** PEM: the key and every certificate. */
  readonly pem: string;
  /** Further arguments of `openssl pkcs12 -export`. */
  readonly options?: readonly string[];
  readonly password?: string;
}

/** A PKCS#12 file written by OpenSSL, which is independent of the library that our reader uses. */
export function makePkcs12({ pem, options = [], password = '' }: Pkcs12Options): Buffer {
  return openssl(['pkcs12', '-export', ...options, '-in', 'in.pem', '-out', 'out', '-passout', `pass:${password}`], {
    'in.pem': pem,
  });
}

/** Runs OpenSSL's program in a folder with these files, and returns the file `out` that it wrote there. */
export function openssl(options: readonly string[], files: Readonly<Record<string, string | Buffer>> = {}): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'openssl-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    execFileSync('openssl', options, { cwd: folder, stdio: 'pipe' });
    return readFileSync(join(folder, 'out'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
