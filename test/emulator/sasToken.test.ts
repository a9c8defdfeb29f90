import { describe, expect, it } from 'vitest';
import { deviceKeyOf, judgeSasToken, type SasVerdict } from '../../src/emulator/sasToken.ts';
import { sasToken } from '../support/sasToken.ts';

const resource = '0neLOCAL/registrations/one';
const key = Buffer.from('primary').toString('base64');
const other = Buffer.from('other').toString('base64');
const expected = {
  resource,
  policy: 'registration',
  keys: [Buffer.from('secondary'), Buffer.from('primary')],
  now: new Date(),
};
const lowerCase = (text: string) => encodeURIComponent(text).replaceAll('%2F', '%2f');

describe('judgeSasToken', () => {
  it.each<[string, string, SasVerdict]>([
    ['with sr encoded as %2F', sasToken({ resource, key }), 'valid'],
    ['with sr encoded as %2f, as the C SDK does', sasToken({ resource, key, spell: lowerCase }), 'valid'],
    ['with sr not encoded, as the Node SDK does', sasToken({ resource, key, spell: (text) => text }), 'valid'],
    ['signed with another key', sasToken({ resource, key: other }), 'wrongSignature'],
    ['of another scope', sasToken({ resource: '0neOTHER/registrations/one', key }), 'wrongResource'],
    ['of another registrationId', sasToken({ resource: '0neLOCAL/registrations/two', key }), 'wrongResource'],
    ['that has expired', sasToken({ resource, key, expiresInSeconds: -1 }), 'expired'],
    [
      'that has expired and is signed with another key',
      sasToken({ resource, key: other, expiresInSeconds: -1 }),
      'wrongSignature',
    ],
    ['without skn', sasToken({ resource, key, skn: undefined }), 'noPolicy'],
    ['of another policy', sasToken({ resource, key, skn: 'service' }), 'wrongPolicy'],
    ['re-encoded after it was signed', sasToken({ resource, key }).replaceAll('%2F', '/'), 'wrongSignature'],
    ['without its scheme', sasToken({ resource, key }).replace('SharedAccessSignature ', ''), 'malformed'],
    ['without sig', sasToken({ resource, key }).replace(/&sig=[^&]*/, ''), 'malformed'],
    ['with an expiry in words', sasToken({ resource, key }).replace(/se=\d+/, 'se=tomorrow'), 'malformed'],
    ['with a stray percent sign', sasToken({ resource, key }).replace(/sig=/, 'sig=%zz'), 'malformed'],
    ['that is empty', '', 'malformed'],
  ])('a token %s', (_, token, verdict) => {
    expect(judgeSasToken(token, expected)).toBe(verdict);
  });

  it('tolerates the configured clock skew, field report 7', () => {
    const late = sasToken({ resource, key, expiresInSeconds: -60 });
    expect(judgeSasToken(late, { ...expected, clockSkewSeconds: 120 })).toBe('valid');
    expect(judgeSasToken(late, { ...expected, clockSkewSeconds: 30 })).toBe('expired');
  });

  it('accepts the fields in any order', () => {
    const [scheme, fields] = sasToken({ resource, key }).split(' ');
    expect(judgeSasToken(`${scheme} ${fields?.split('&').reverse().join('&')}`, expected)).toBe('valid');
  });

  it('must not have a policy at a hub', () => {
    const hub = { ...expected, policy: undefined };
    expect(judgeSasToken(sasToken({ resource, key, skn: undefined }), hub)).toBe('valid');
    expect(judgeSasToken(sasToken({ resource, key, skn: '' }), hub)).toBe('valid'); // as the C SDK writes it
    expect(judgeSasToken(sasToken({ resource, key }), hub)).toBe('wrongPolicy');
  });
});

it("deviceKeyOf returns the key of Microsoft's published example", () => {
  const groupKey = '8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==';
  const derived = deviceKeyOf(Buffer.from(groupKey, 'base64'), 'sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6');
  expect(derived.toString('base64')).toBe('Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=');
});
