import { describe, expect, it } from 'vitest';
import { isAllowedHub } from '../../src/hub/allowedHub.ts';

describe('isAllowedHub', () => {
  it.each(['hub-a.azure-devices.net', 'HUB.AZURE-DEVICES.NET', 'hub.azure-devices.us', 'hub.azure-devices.cn'])(
    'lets a credential go to %s',
    (hub) => expect(isAllowedHub(hub)).toBe(true),
  );

  it.each([
    'azure-devices.net',
    '.azure-devices.net',
    'evil-azure-devices.net',
    'hub.azure-devices.net.evil.example',
    'evil.example/.azure-devices.net',
    'evil.example#.azure-devices.net',
    'evil.example:8883@hub.azure-devices.net',
    'a.b.azure-devices.net',
    'hub.azure-devices.net:1234',
    '169.254.169.254',
    '0xA9FEA9FE',
    '[::ffff:169.254.169.254]',
    'localhost',
    '',
  ])('keeps it from %j', (hub) => expect(isAllowedHub(hub)).toBe(false));

  it("takes the operator's word for other names, exactly as written", () => {
    expect(isAllowedHub('localhost:8884', ['localhost:8884'])).toBe(true);
    expect(isAllowedHub('localhost:8885', ['localhost:8884'])).toBe(false);
  });
});
