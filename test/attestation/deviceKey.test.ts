import { describe, expect, it } from 'vitest';
import { decodeKey, deriveDeviceKey } from '../../src/attestation/deviceKey.ts';

describe('deriveDeviceKey', () => {
  it("derives the key of the documentation's example", () => {
    const groupKey = Buffer.from(
      '8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==',
      'base64',
    );
    expect(deriveDeviceKey(groupKey, 'sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6').toString('base64')).toBe(
      'Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=',
    );
  });
});

describe('decodeKey', () => {
  it.each([
    ['a key with padding', 'aGVsbG8=', 'hello'],
    ['a key with a line break behind it, as editors add', 'aGVsbG8=\n', 'hello'],
  ])('reads %s', (_case, text, bytes) => {
    expect(decodeKey(text)?.toString()).toBe(bytes);
  });

  it.each([
    ['nothing', ''],
    ['base64url', 'a_b-'],
    ['a cut key', 'aGVsbG8'],
    ['a sentence', 'my secret key'],
    ['a connection string', 'HostName=x;SharedAccessKey=aGVsbG8='],
  ])('refuses %s', (_case, text) => {
    expect(decodeKey(text)).toBeUndefined();
  });
});
