import { describe, expect, it } from 'vitest';
import { isAllowedHub, isSameHub } from '../../src/hub/hubName.ts';

describe('isAllowedHub', () => {
  it.each([
    'hub-a.azure-devices.net',
    'HUB.AZURE-DEVICES.NET',
    'hub.azure-devices.us',
    'hub.azure-devices.cn',
    'hub-a.device.azure-devices.net',
    'Hub-A.Device.azure-devices.us',
    'device.azure-devices.net',
  ])('allows a credential to be sent to %s (field report 2)', (hub) => expect(isAllowedHub(hub)).toBe(true));

  it.each([
    'azure-devices.net',
    '.azure-devices.net',
    'evil-azure-devices.net',
    'hub.azure-devices.net.evil.example',
    'evil.example/.azure-devices.net',
    'evil.example#.azure-devices.net',
    'evil.example:8883@hub.azure-devices.net',
    'a.b.azure-devices.net',
    'hub.service.azure-devices.net',
    'a.hub.device.azure-devices.net',
    'hub.device.device.azure-devices.net',
    'device.hub.azure-devices.net',
    '.device.azure-devices.net',
    'hub.xdevice.azure-devices.net',
    'hub.azure-devices.net:1234',
    '169.254.169.254',
    '0xA9FEA9FE',
    '[::ffff:169.254.169.254]',
    'localhost',
    '',
  ])('does not present it to %j', (hub) => expect(isAllowedHub(hub)).toBe(false));

  it('accepts other names only if the operator lists them, exactly as written', () => {
    expect(isAllowedHub('localhost:8884', ['localhost:8884'])).toBe(true);
    expect(isAllowedHub('localhost:8885', ['localhost:8884'])).toBe(false);
  });
});

describe('isSameHub (field report 2)', () => {
  it.each([
    ['hub-a.azure-devices.net', 'hub-a.device.azure-devices.net'],
    ['Hub-A.Device.Azure-Devices.net', 'hub-a.azure-devices.net'],
    ['localhost:8884', 'LOCALHOST:8884'],
  ])('sees one hub in %s and %s', (one, other) => {
    expect(isSameHub(one, other)).toBe(true);
    expect(isSameHub(other, one)).toBe(true);
  });

  it.each([
    ['hub-a.azure-devices.net', 'hub-b.device.azure-devices.net'],
    ['hub-a.azure-devices.net', 'hub-a.device.azure-devices.us'],
    ['hub-a.azure-devices.net', 'hub-a.service.azure-devices.net'],
    ['localhost:8884', 'localhost:8885'],
  ])('sees two in %s and %s', (one, other) => expect(isSameHub(one, other)).toBe(false));
});
