import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { fromCaller } from '../callerPaths.ts';
import type { CredentialSource } from './probeArguments.ts';

export type ReadSource =
  /** As in a vault: a base64 key, PEM, or a PKCS#12 file as base64. */
  | { readonly kind: 'read'; readonly value: string; readonly subject: string }
  | { readonly kind: 'wrong'; readonly message: string };

/** Reads the key or certificate from the given source. Messages never quote what was read, nor an argument that could be a key. */
export async function readCredentialSource(source: CredentialSource): Promise<ReadSource> {
  switch (source.kind) {
    case 'environment': {
      const value = process.env[source.name];
      if (value) return { kind: 'read', value, subject: '--key-env' };
      return wrong(
        '--key-env: expected the name of an environment variable that holds the key; it is not set or empty',
      );
    }
    case 'file':
      return readText('--key-file', source.path);
    case 'certificate':
      return readCertificate(source.path, source.keyPath);
    case 'prompt':
      return askForKey();
  }
}

function readText(option: string, path: string): ReadSource {
  const file = readBytes(option, path);
  if (typeof file === 'string') return wrong(file);
  return { kind: 'read', value: textOf(file), subject: option };
}

/** Reads one file with both, or two files, and joins them to a vault's form. */
function readCertificate(path: string, keyPath: string | undefined): ReadSource {
  const certificate = readBytes('--certificate', path);
  if (typeof certificate === 'string') return wrong(certificate);
  if (keyPath === undefined) return { kind: 'read', value: textOf(certificate), subject: '--certificate' };
  const key = readBytes('--certificate-key', keyPath);
  if (typeof key === 'string') return wrong(key);
  return { kind: 'read', value: `${pemOf(certificate)}\n${textOf(key)}`, subject: '--certificate' };
}

function readBytes(option: string, path: string): Buffer | string {
  try {
    return readFileSync(fromCaller(path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    return `${option}: expected the path of a file that can be read${code}`;
  }
}

/** DER and PKCS#12 begin with the tag of a SEQUENCE, which is the digit 0 in text. */
function textOf(file: Buffer): string {
  const isBinary = file[0] === 0x30 && (file[1] ?? 0) > 0x7f;
  return isBinary ? file.toString('base64') : file.toString('utf8');
}

/** Converts a DER certificate to PEM, so that a PEM key can follow. Any other content is reported later. */
function pemOf(file: Buffer): string {
  try {
    return file[0] === 0x30 ? new X509Certificate(file).toString() : file.toString('utf8');
  } catch {
    return textOf(file);
  }
}

async function askForKey(): Promise<ReadSource> {
  if (!process.stdin.isTTY) {
    return wrong(
      'No key: use --key-env NAME, --key-file FILE or --certificate FILE. There is no terminal to ask for it.',
    );
  }
  const output = new Writable({ write: (_chunk, _encoding, done) => done() }); // hides the input
  const prompt = createInterface({ input: process.stdin, output, terminal: true });
  process.stderr.write('Symmetric key (not shown): ');
  const value = await new Promise<string | undefined>((done) => {
    prompt
      .once('line', done)
      .once('SIGINT', () => done(undefined))
      .once('close', () => done(undefined));
  });
  prompt.close();
  process.stderr.write('\n');
  return value ? { kind: 'read', value, subject: 'typed key' } : wrong('No key was given.');
}

function wrong(message: string): ReadSource {
  return { kind: 'wrong', message };
}
