import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSasToken } from '../../src/attestation/sasToken.ts';
import { redactSecrets } from '../../src/probes/redactSecrets.ts';

/** With every character that percent-encoding changes. */
const key = Buffer.from('fbefbe00fffbff10d7ae51c3abe90fa1fbefbe00fffbff10d7ae51c3abe90fa1', 'hex');
const keyText = key.toString('base64');
const token = createSasToken({
  resource: '0ne/registrations/one',
  key,
  expiresAtSeconds: 2_000_000_000,
  policy: 'registration',
});
const encodedSignature = /sig=([^&]+)/.exec(token)?.[1] ?? '';
const signature = decodeURIComponent(encodedSignature);
const secrets = [token, keyText];

const lowerCase = (text: string) => text.replace(/%../g, (byte) => byte.toLowerCase());
const inBase64 = (text: string) => Buffer.from(text).toString('base64');

describe('a secret in a response', () => {
  it.each([
    ['the token', token],
    ['the bare signature', signature],
    ['the signature, percent-encoded', encodedSignature],
    ['the signature, percent-encoded in lower case', lowerCase(encodedSignature)],
    ['the token, percent-encoded', encodeURIComponent(token)],
    ['the token, percent-encoded in lower case', lowerCase(encodeURIComponent(token))],
    ['the token in base64', inBase64(token)],
    ['the token in base64, one byte later', inBase64(`x${token}`)],
    ['the token in base64, two bytes later', inBase64(`xx${token}`)],
    ['the signature in base64', inBase64(signature)],
    ['the key', keyText],
    ['the key, percent-encoded', encodeURIComponent(keyText)],
    ['the key in base64url', key.toString('base64url')],
    ['the key in base64', inBase64(keyText)],
    ['the key in hexadecimal', key.toString('hex')],
    ['the key in hexadecimal, upper case', key.toString('hex').toUpperCase()],
    ['the signature in hexadecimal', Buffer.from(signature, 'base64').toString('hex')],
    ['the text of the signature in hexadecimal', Buffer.from(signature).toString('hex')],
    ['the signature, percent-encoded twice', encodeURIComponent(encodedSignature)],
    ['key and signature, one after the other', keyText + signature],
  ])('is redacted, wherever it is: %s', (_form, echoed) => {
    const facts = { polls: 1, result: { message: `it was ${echoed}!` }, payload: [{ [echoed]: echoed }] };
    const text = JSON.stringify(redactSecrets(facts, secrets));
    expect(text).toContain('(removed)');
    expect(text).not.toContain(echoed);
    for (const form of [signature, encodedSignature, keyText, inBase64(signature), inBase64(keyText)]) {
      for (let at = 0; at + 12 <= form.length; at += 1) expect(text).not.toContain(form.slice(at, at + 12));
    }
  });

  it.each([2, 3, 4])('is redacted if it is split over %i fields', (parts) => {
    const size = Math.ceil(signature.length / parts);
    const pieces = Array.from({ length: parts }, (_, part) => signature.slice(part * size, (part + 1) * size));
    const facts = Object.fromEntries(pieces.map((piece, index) => [`field${index}`, piece]));
    const clean = JSON.stringify(redactSecrets(facts, secrets));
    for (const piece of pieces.filter(({ length }) => length >= 8)) expect(clean).not.toContain(piece);
  });

  it('is redacted line by line if it is a private key', () => {
    const lines = [0, 1].map(() => randomBytes(48).toString('base64'));
    const pem = `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
    const clean = redactSecrets([pem, lines.join(''), lines[1]], [pem]);
    for (const line of lines) expect(JSON.stringify(clean)).not.toContain(line.slice(0, 20));
  });
});

it('leaves everything else as it is', () => {
  const facts = {
    runId: '0a1b2c3d-1111-4222-8333-444455556666',
    result: {
      kind: 'assigned',
      operationId: '4.d0a671905ea5b2c8.42d78160-4c78-479e-8be7-61d5e55dac0d',
      payload: { a: [1, null, true] },
    },
    server: { rootFingerprint256: 'AA:'.repeat(31) },
    transcript: [{ what: 'CONNECT', detail: '0ne/registrations/one/api-version=2019-03-31' }],
  };
  expect(redactSecrets(facts, secrets)).toEqual(facts);
});
