import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { redactSecrets } from '../../src/probes/redactSecrets.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';

const { sasToken, symmetricKey, groupKey, certificateKey } = plantedSecrets;
const signature = decodeURIComponent(/sig=([^&]+)/.exec(sasToken)?.[1] ?? '');
const { privateKey: ecKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const bodyOf = (pem: string) => pem.replace(/-----[^-]+-----|\n/g, '');

/** With every character that encodings change: the planted ones have only some of them. */
const oddKey = Buffer.from('d7ae51c3abe90fa1fbefbe00fffbff10d7ae51c3abe90fa1fbefbe00fffbff10', 'hex').toString(
  'base64',
);

/** By kind: the secret that a run used, and what must not be seen of it. */
const kinds: Readonly<Record<string, { readonly secret: string; readonly part: string }>> = {
  'the signature of a token': { secret: sasToken, part: signature },
  'a device key': { secret: symmetricKey, part: symmetricKey },
  'a group key': { secret: groupKey, part: groupKey },
  'a key full of + and /': { secret: oddKey, part: oddKey },
  'a private key (Ed25519)': { secret: certificateKey, part: bodyOf(certificateKey) },
  'a private key (EC)': { secret: ecKey, part: bodyOf(ecKey) },
  'a connection string': { secret: plantedSecrets.connectionString, part: plantedSecrets.connectionString },
  'a webhook address': { secret: plantedSecrets.webhookAddress, part: plantedSecrets.webhookAddress },
};

type Encode = (text: string) => string;
const hexOf = (character: string, digits = 2) => character.charCodeAt(0).toString(16).padStart(digits, '0');
const eachCharacter =
  (encode: Encode): Encode =>
  (text) =>
    [...text].map(encode).join('');
const percent = eachCharacter((character) => `%${hexOf(character).toUpperCase()}`);
const base64 = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding).toString('base64');
const hex = (text: string) => Buffer.from(text).toString('hex');
const backwards = (text: string) => [...text].reverse().join('');
const wrapped = (columns: number, lineBreak: string) => (text: string) =>
  (text.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []).join(lineBreak);
const separated = (separator: string) => (text: string) => [...text].join(separator);

const encodings: Readonly<Record<string, Encode>> = {
  'as it is': (text) => text,
  'percent-encoded': encodeURIComponent,
  'percent-encoded in lower case': (text) => encodeURIComponent(text).replace(/%../g, (byte) => byte.toLowerCase()),
  'percent-encoded twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'percent-encoded at every character': percent,
  'percent-encoded at every character in lower case': (text) => percent(text).toLowerCase(),
  'percent-encoded at every character, twice': (text) => encodeURIComponent(percent(text)),
  'percent-encoded here and there': (text) => text.replace(/(.)(..)/g, (_, first, rest) => `${percent(first)}${rest}`),
  'with JSON escapes': eachCharacter((character) => `\\u${hexOf(character, 4)}`),
  'with some JSON escapes in upper case': (text) =>
    text.replace(/[^a-z]/g, (character) => `\\u${hexOf(character, 4).toUpperCase()}`),
  'with JSON escapes of percent-encoding': (text) => percent(text).replaceAll('%', '\\u0025'),
  'with JSON escapes in JSON in JSON': (text) =>
    JSON.stringify(JSON.stringify(eachCharacter((character) => `\\u${hexOf(character, 4)}`)(text))),
  'with JavaScript escapes': eachCharacter((character) => `\\x${hexOf(character)}`),
  'with HTML escapes': eachCharacter((character) => `&#${character.charCodeAt(0)};`),
  'with hexadecimal HTML escapes': eachCharacter((character) => `&#x${hexOf(character)};`),
  'in base64': base64,
  'in base64, one byte later': (text) => base64(`x${text}`),
  'in base64, two bytes later': (text) => base64(`xx${text}`),
  'in base64url': (text) => Buffer.from(text).toString('base64url'),
  'in base64 of base64': (text) => base64(base64(text)),
  'in base64 of base64 of base64': (text) => base64(base64(base64(text))),
  'in base64 of percent-encoding': (text) => base64(percent(text)),
  'in percent-encoded base64': (text) => percent(base64(text)),
  'in base64 of hexadecimal': (text) => base64(hex(text)),
  'in base64 of UTF-16': (text) => base64(text, 'utf16le'),
  'in base64 in lines of 64': (text) => wrapped(64, '\n')(base64(text)),
  'in base64 in lines of 76': (text) => wrapped(76, '\r\n')(base64(text)),
  'in base64 in lines of 64, in JSON': (text) => JSON.stringify(wrapped(64, '\r\n')(base64(text))),
  'in hexadecimal': hex,
  'in hexadecimal in upper case': (text) => hex(text).toUpperCase(),
  'in hexadecimal with colons': (text) => wrapped(2, ':')(hex(text)),
  'as an array of hexadecimal bytes': (text) => (hex(text).match(/../g) ?? []).map((byte) => `0x${byte}`).join(', '),
  'in hexadecimal of base64': (text) => hex(base64(text)),
  'in short lines': wrapped(5, '\r\n'),
  'letter by letter': separated(' '),
  'letter by letter with commas': separated('", "'),
  'letter by letter with hyphens': separated('-'),
  'letter by letter in base64': (text) => base64(separated(' ')(text)),
  backwards,
  'backwards in base64': (text) => base64(backwards(text)),
  'in base64 backwards': (text) => backwards(base64(text)),
};

/** Letters alone: separators say nothing about a secret. */
const lettersOf = (text: string) => text.replace(/[^a-z0-9]/gi, '');

function expectNothingOf(encoded: string, seen: unknown): void {
  const [letters, seenLetters] = [encoded, JSON.stringify(seen)].map((text) => lettersOf(text ?? ''));
  for (let at = 0; at + 16 <= (letters ?? '').length; at += 1)
    expect(seenLetters).not.toContain(letters?.slice(at, at + 16));
}

describe.each(Object.entries(kinds))('%s', (_kind, { secret, part }) => {
  it.each(Object.entries(encodings))('is redacted %s', (_encoding, encode) => {
    const echoed = encode(part);
    const result = { message: `it was ${echoed}, not this`, code: 401, payload: [{ [echoed]: true }] };
    const clean = redactSecrets({ polls: 1, result }, [secret]);
    expect(clean).toMatchObject({ polls: 1, result: { code: 401, payload: [{}] } });
    expect(clean.result.message).toMatch(/^it was .*\(removed\).*, not this$/s);
    expectNothingOf(echoed, clean);
  });

  it.each([2, 3, 4, part.length])('is redacted if it is split over %i fields, or items of an array', (parts) => {
    const size = Math.ceil(part.length / parts);
    const pieces = Array.from({ length: parts }, (_, index) => part.slice(index * size, (index + 1) * size));
    const fields = Object.fromEntries(pieces.map((piece, index) => [`field${index}`, piece]));
    for (const facts of [fields, pieces, { payload: [fields, ['after']] }]) {
      const clean = redactSecrets(facts, [secret]);
      expect(JSON.stringify(clean)).toContain('(removed)');
      expectNothingOf(part, Object.values(clean).join(''));
    }
  });
});

it.each([8, 10, 11])('is redacted in parts of %i characters in any order', (size) => {
  const letters = lettersOf(symmetricKey);
  const parts = (letters.match(new RegExp(`.{${size}}`, 'g')) ?? []).reverse();
  expect(parts.length).toBeGreaterThan(2);
  const facts = { message: parts.map((part) => `"${part}"`).join(' then '), payload: parts };
  expect(redactSecrets(facts, [symmetricKey])).toEqual({
    message: parts.map(() => '"(removed)"').join(' then '),
    payload: parts.map(() => '(removed)'),
  });
});

it.each([
  ['a device key', symmetricKey],
  ['a private key', certificateKey],
])('the bytes of %s are redacted in hexadecimal and in base64 of more bytes', (_kind, secret) => {
  const bytes = Buffer.from(secret.includes('BEGIN') ? bodyOf(secret) : secret, 'base64');
  const longer = [1, 2, 3].map((before) => Buffer.concat([Buffer.alloc(before, 7), bytes, Buffer.alloc(9)]));
  const digits = bytes.toString('hex');
  for (const echoed of [
    digits,
    digits.toUpperCase(),
    wrapped(2, ':')(digits),
    ...longer.map((all) => all.toString('base64')),
  ]) {
    const clean = redactSecrets([`it was ${echoed}, not this`], [secret]);
    expect(clean[0]).toMatch(/^it was .*\(removed\).*, not this$/);
    expect(clean[0]?.length).toBeLessThan(60);
  }
});

it('what is around a secret, and other secrets, remain or are redacted each for itself', () => {
  const facts = { one: `${symmetricKey}${signature} and ${groupKey}`, two: ['left', signature, '😀 as it is'] };
  expect(redactSecrets(facts, [sasToken, symmetricKey, groupKey])).toEqual({
    one: '(removed) and (removed)',
    two: ['left', '(removed)', '😀 as it is'],
  });
});

it('what is between two parts of a secret remains, even if the one seems to continue the other', () => {
  const letters = lettersOf(`${groupKey}${symmetricKey}${signature}${oddKey}`);
  // The third line of base64 is followed by the first character of the secret, with which the second echo begins.
  const secret = `${letters.slice(0, 144)}${letters[0]}${letters.slice(145)}`;
  const echoed = JSON.stringify(wrapped(64, '\r\n')(base64(secret)));
  const result = { message: `it was ${echoed}, not this`, code: 401, payload: [{ [echoed]: true }] };
  const clean = redactSecrets({ polls: 1, result }, [secret]);
  expect(clean).toMatchObject({ polls: 1, result: { code: 401, payload: [{}] } });
  expectNothingOf(echoed, clean);
});

it('leaves everything else as it is, and is the same object then', () => {
  const facts = {
    runId: '0a1b2c3d-1111-4222-8333-444455556666',
    result: {
      kind: 'assigned',
      operationId: '4.d0a671905ea5b2c8.42d78160-4c78-479e-8be7-61d5e55dac0d',
      payload: { a: [1, null, true], ['__proto__']: 'x', bytes: '0x12, 0x34 %41%42 \\u0041 &#65;' },
    },
    server: { rootFingerprint256: 'AA:'.repeat(31) },
    transcript: [{ what: 'CONNECT', detail: '0ne/registrations/one/api-version=2019-03-31' }],
  };
  expect(redactSecrets(facts, [sasToken, symmetricKey, certificateKey])).toBe(facts);
});
