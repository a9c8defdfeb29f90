import { describe, expect, it } from 'vitest';
import {
  judgeCertificateRequest,
  readCertificateRequest,
} from '../../../src/emulator/credentials/certificateRequest.ts';
import { makeRequest } from '../../support/certificateRequests.ts';
import { openssl } from '../../support/openssl.ts';
import { requires } from '../../support/requires.ts';

const good = await makeRequest('CN=one');
const inBytes = (csr: string) => Buffer.from(csr, 'base64');

/** Accepted with these notes, or why it is not. */
function judge(csr: unknown, { name = 'one', strict = false } = {}): readonly string[] | string {
  const read = readCertificateRequest(csr);
  if (read.kind === 'malformed') return read.why;
  const verdict = judgeCertificateRequest(read.request, [name], strict);
  return verdict.kind === 'accepted' ? verdict.notes : verdict.why;
}

function tampered(csr: string): string {
  const der = inBytes(csr);
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1; // in the signature
  return der.toString('base64');
}

describe('a certificate signing request', () => {
  it('by the rules is accepted without a note, whether strict or not', () => {
    expect(judge(good.csr)).toEqual([]);
    expect(judge(good.csr, { strict: true })).toEqual([]);
  });

  it.each([
    ['a key on P-256', { algorithm: 'P-256' }, 'has a key on P-256, the documents ask for P-384'],
    ['SHA-256', { hash: 'SHA-256' }, 'is signed with SHA-256, the documents ask for SHA-384'],
  ] as const)('with %s is accepted with a note, and refused when strict', async (_, options, why) => {
    const { csr } = await makeRequest('CN=one', options);
    expect(judge(csr)).toEqual([`the csr ${why}`]);
    expect(judge(csr, { strict: true })).toBe(why);
  });

  it.each([
    ['an RSA key', 'CN=one', { algorithm: 'RSA' }, 'has a key of type rsa, expected EC on P-384'],
    ['a key on P-521', 'CN=one', { algorithm: 'P-521' }, 'has a key of type secp521r1, expected EC on P-384'],
    ['SHA-512', 'CN=one', { hash: 'SHA-512' }, 'is signed with SHA-512, expected ECDSA with SHA-384'],
    ['SHA-1', 'CN=one', { hash: 'SHA-1' }, 'is signed with an unknown algorithm, expected ECDSA with SHA-384'],
    ['the name in another case', 'CN=One', {}, 'has the common name "One", expected "one"'],
    ['another name', 'CN=two', {}, 'has the common name "two", expected "one"'],
    ['no common name', 'O=one', {}, 'has not exactly one common name'],
    ['two common names', 'CN=one,CN=one', {}, 'has not exactly one common name'],
  ] as const)('with %s is refused', async (_, subject, options, why) => {
    const { csr } = await makeRequest(subject, options);
    expect(judge(csr)).toBe(why);
  });

  it.each([
    ['is signed with another key', tampered(good.csr), 'is not signed with its own key'],
    [
      'is PEM',
      `-----BEGIN CERTIFICATE REQUEST-----\n${good.csr}\n-----END CERTIFICATE REQUEST-----`,
      'is PEM: expected DER in base64, without header',
    ],
    ['has line breaks', good.csr.replace(/(.{64})/g, '$1\n'), 'is not base64 without line breaks'],
    ['is base64url', `${good.csr}`.replace(/=*$/, '-_'), 'is not base64 without line breaks'],
    ['is longer than 8 KB', 'A'.repeat(8196), 'is longer than 8 KB'],
    ['is empty', '', 'is empty'],
    ['is a number', 7, 'is not a string'],
    ['is not DER', Buffer.from('hello').toString('base64'), 'is not a PKCS#10 request in DER'],
    [
      'has bytes behind its end',
      Buffer.concat([inBytes(good.csr), Buffer.of(0)]).toString('base64'),
      'is not a PKCS#10 request in DER',
    ],
    ['breaks off', inBytes(good.csr).subarray(0, -9).toString('base64'), 'is not a PKCS#10 request in DER'],
  ])('that %s is refused', (_, csr, why) => {
    expect(judge(csr)).toBe(why);
  });

  it('made by OpenSSL is read alike', requires('openssl'), () => {
    const key = openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384', '-out', 'out']);
    const der = openssl(
      ['req', '-new', '-key', 'key.pem', '-sha384', '-subj', '/O=Fleet/CN=one', '-outform', 'DER', '-out', 'out'],
      { 'key.pem': key },
    );
    expect(judge(der.toString('base64'))).toEqual([]);
  });
});
