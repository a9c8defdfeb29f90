import { describe, expect, it } from 'vitest';
import { probeSchema } from '../../src/config/probe.ts';
import { probeJson } from '../support/probeJson.ts';

const defaultsOf = (changes: Readonly<Record<string, unknown>>) => {
  const { apiVersion, timeoutSeconds, everyMinutes } = probeSchema.parse(probeJson(changes));
  return { apiVersion, timeoutSeconds, everyMinutes };
};
const profile = { expect: { connectionProfile: 'classic' } };

describe('the defaults of a probe', () => {
  it.each([
    ['nothing special', {}, ['2019-03-31', 60, undefined]],
    ['a requested certificate', { requestCertificate: true }, ['2025-07-01-preview', 60, undefined]],
    ['an expected profile', profile, ['2026-11-02-preview', 60, undefined]],
    ['both', { requestCertificate: true, ...profile }, ['2026-11-02-preview', 60, undefined]],
    ['a renewal', { requestCertificate: true, verifyHub: 'renew' }, ['2025-07-01-preview', 180, 60]],
    [
      'a certificate that is used',
      { requestCertificate: true, verifyHub: 'twin' },
      ['2025-07-01-preview', 60, undefined],
    ],
  ] as const)('fit %s', (_, changes, [apiVersion, timeoutSeconds, everyMinutes]) => {
    expect(defaultsOf(changes)).toEqual({ apiVersion, timeoutSeconds, everyMinutes });
  });

  it('give way to what is written', () => {
    const written = { apiVersion: '2026-12-01', timeoutSeconds: 200, everyMinutes: 15 };
    expect(defaultsOf({ requestCertificate: true, verifyHub: 'renew', ...profile, ...written })).toEqual(written);
  });

  it.each(['2025-07-01', '2025-07-01-preview', '2026-01-15'])('accept the newer API version %s', (apiVersion) => {
    expect(defaultsOf({ requestCertificate: true, apiVersion })).toMatchObject({ apiVersion });
  });

  it('stay as they are when a parsed probe is parsed again, as simulations do', () => {
    const parsed = probeSchema.parse(probeJson({ requestCertificate: true, verifyHub: 'renew', ...profile }));
    expect(probeSchema.parse(parsed)).toEqual(parsed);
  });
});
