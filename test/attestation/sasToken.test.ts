import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSasToken } from '../../src/attestation/sasToken.ts';

const key = Buffer.from('a key of the test');

describe('createSasToken', () => {
  it('writes the four fields in the form of the document, with the resource URL-encoded', () => {
    const token = createSasToken({
      resource: '0neFEEDC0DE/registrations/myRegistrationId',
      key,
      expiresAtSeconds: 1578941692,
      policy: 'registration',
    });
    expect(token).toMatch(
      /^SharedAccessSignature sr=0neFEEDC0DE%2Fregistrations%2FmyRegistrationId&sig=[A-Za-z0-9%]+&se=1578941692&skn=registration$/,
    );
  });

  it('signs the resource as it is sent, a line break, and the expiry', () => {
    const token = createSasToken({ resource: 'scope/registrations/id', key, expiresAtSeconds: 1578941692 });
    const signature = new URLSearchParams(token.slice('SharedAccessSignature '.length)).get('sig');
    expect(signature).toBe(createHmac('sha256', key).update('scope%2Fregistrations%2Fid\n1578941692').digest('base64'));
  });

  it('names no policy where the hub wants none', () => {
    expect(createSasToken({ resource: 'hub/devices/one', key, expiresAtSeconds: 1 })).not.toContain('skn');
  });

  it('encodes what registrationIds may contain', () => {
    const token = createSasToken({ resource: 's/registrations/a:b.c_d-e', key, expiresAtSeconds: 1 });
    expect(token).toContain('sr=s%2Fregistrations%2Fa%3Ab.c_d-e&');
  });
});
