import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { createLocalAuthority, createSelfSigned } from '../../src/emulator/certificates.ts';

const daysLeft = (pem: string) => (new X509Certificate(pem).validToDate.getTime() - Date.now()) / 86_400_000;

it('issues certificates that are valid for 90 days (fault 42)', async () => {
  const authority = await createLocalAuthority();
  const server = await authority.issueServer();
  const selfSigned = await createSelfSigned({ commonName: 'device' });
  for (const pem of [authority.caPem, authority.intermediate.cert, server.cert, selfSigned.cert]) {
    expect(daysLeft(pem)).toBeGreaterThan(89.9);
    expect(daysLeft(pem)).toBeLessThanOrEqual(90);
  }
});
