import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSasToken, deriveDeviceKey } from '../../src/attestation/sasToken.ts';

describe('createSasToken', () => {
  // Computed with OpenSSL: printf '%s\n%s' SR SE | openssl dgst -sha256 -mac HMAC -macopt hexkey:KEY -binary | base64
  it.each([
    {
      about: "the document's resource, with a 16 byte key",
      resource: '0neFEEDC0DE/registrations/myRegistrationId',
      key: 'AAECAwQFBgcICQoLDA0ODw==',
      expiresAtSeconds: 1578941692,
      policy: 'registration' as const,
      token:
        'SharedAccessSignature sr=0neFEEDC0DE%2Fregistrations%2FmyRegistrationId&sig=nBQ%2FYohaCbkoz31Suls8ySPXXqC5CbbVEnLSMhs9xmg%3D&se=1578941692&skn=registration',
    },
    {
      about: 'an id with every special character, with a 64 byte key',
      resource: '0ne00A1B2C3/registrations/a:b.c_d-e',
      key: '8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==',
      expiresAtSeconds: 1893456000,
      policy: 'registration' as const,
      token:
        'SharedAccessSignature sr=0ne00A1B2C3%2Fregistrations%2Fa%3Ab.c_d-e&sig=L6j6wRzBRo7Omj6ZPEmEjxBJOqm18XqcLz8%2FJZ2QkmE%3D&se=1893456000&skn=registration',
    },
    {
      about: "a device's token for its hub, which names no policy",
      resource: 'contoso.azure-devices.net/devices/dev-1',
      key: 'AAECAwQFBgcICQoLDA0ODw==',
      expiresAtSeconds: 1578941692,
      token:
        'SharedAccessSignature sr=contoso.azure-devices.net%2Fdevices%2Fdev-1&sig=gJdcTIiUZ9K%2BdyqmwAFfW90Cs%2BWDJpdDKGQai4IovuU%3D&se=1578941692',
    },
  ])('signs $about', ({ about: _, key, token, ...options }) => {
    expect(createSasToken({ ...options, key: Buffer.from(key, 'base64') })).toBe(token);
  });

  it("signs the text of Azure SDK for C's vector: the resource as it is sent, a line break, the expiry", () => {
    const key = Buffer.from('a key of the test');
    const token = createSasToken({
      resource: '0neFEEDC0DE/registrations/myRegistrationId',
      key,
      expiresAtSeconds: 1578941692,
    });
    const sent = Object.fromEntries(new URLSearchParams(token.slice('SharedAccessSignature '.length)));
    const [, sr = ''] = /sr=([^&]+)/.exec(token) ?? [];
    // The C SDK writes %2f; which case of the escape is sent does not matter, as long as the same text is signed.
    expect(`${sr}\n${sent.se}`.toLowerCase()).toBe('0nefeedc0de%2fregistrations%2fmyregistrationid\n1578941692');
    expect(sent.sig).toBe(createHmac('sha256', key).update(`${sr}\n${sent.se}`).digest('base64'));
  });
});

describe('deriveDeviceKey', () => {
  const groupKey = Buffer.from(
    '8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==',
    'base64',
  );

  it("derives the key of the documentation's example", () => {
    expect(deriveDeviceKey(groupKey, 'sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6').toString('base64')).toBe(
      'Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=',
    );
  });

  it('field report 19: derives another key for the same id in capitals', () => {
    expect(deriveDeviceKey(groupKey, 'SN-007')).not.toEqual(deriveDeviceKey(groupKey, 'sn-007'));
  });
});
