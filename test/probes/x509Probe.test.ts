import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSelfSigned } from '../../src/emulator/certificates.ts';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import { type RunningHub, startHub } from '../../src/emulator/hub/startHub.ts';
import type { SecretResult } from '../../src/keyvault/secretResult.ts';
import { writeVaultPkcs12 } from '../../src/local/keyVault/vaultCertificate.ts';
import type { ReadSecret } from '../../src/probes/credential.ts';
import { authority, localProbe, registrationId, registry, run, startLocalDps } from '../support/localProbe.ts';

let dps: RunningDps;
let hub: RunningHub;
let hubName: string;
let vault: ReadSecret;
const groupDevice = 'fleet-0001';

beforeAll(async () => {
  const own = await authority.issueClient({
    commonName: registrationId,
    notAfter: new Date(Date.now() + 5 * 86_400_000),
  });
  const stranger = await createSelfSigned({ commonName: registrationId });
  const expired = await authority.issueClient({ commonName: registrationId, notAfter: new Date(Date.now() - 1000) });
  const unknownCa = await createSelfSigned({ commonName: 'some other CA' });
  const { intermediate } = authority;
  const [leaf = ''] = own.cert.split(/(?<=-----END CERTIFICATE-----)\n/);
  hub = await startHub({ certificate: await authority.issueServer(), registry });
  hubName = `localhost:${hub.port}`;
  const clientCertificates = { primary: { certificate: leaf } };
  dps = await startLocalDps(
    { attestation: { type: 'x509', x509: { clientCertificates } }, iotHubHostName: hubName },
    {
      retryAfterSeconds: 0,
      iotHubs: [hubName],
      enrollmentGroups: [
        {
          enrollmentGroupId: 'fleet',
          attestation: { type: 'x509', x509: { signingCertificates: { primary: { certificate: intermediate.cert } } } },
        },
      ],
    },
  );
  const pem = 'application/x-pem-file';
  const secrets: Record<string, [value: string, contentType: string]> = {
    own: [`${own.key}\n${own.cert}`, pem],
    pfx: [writeVaultPkcs12(`${own.key}\n${own.cert}`).toString('base64'), 'application/x-pkcs12'],
    stranger: [`${stranger.key}\n${stranger.cert}`, pem],
    expired: [`${expired.key}\n${expired.cert}`, pem],
    fleet: [`${intermediate.key}\n${intermediate.cert}`, pem],
    unknown: [`${unknownCa.key}\n${unknownCa.cert}`, pem],
    keyless: [own.cert, pem],
  };
  vault = async (secret): Promise<SecretResult> => {
    const [value, contentType] = secrets[secret] ?? [];
    if (!value || !contentType) return { kind: 'notFound', secret, message: 'no such secret' };
    return { kind: 'found', value, contentType };
  };
});
afterAll(async () => {
  await dps.close();
  await hub.close();
});

const certificate = (name: string, over: object = {}) => ({
  attestation: { type: 'x509', certificate: name, ...over },
});
const group = { enrollment: 'group' };

describe.each(['mqtt', 'mqtt-ws'] as const)('a device with a certificate over %s', (transport) => {
  it.each(['own', 'pfx'])('is assigned with its own certificate (%s), without a password', async (name) => {
    const outcome = await run(localProbe(dps, { transport, ...certificate(name) }), { readSecret: vault });
    expect(outcome).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned', deviceId: registrationId } });
  });

  it("is assigned with a leaf that was issued for it by the group's CA", async () => {
    const probe = localProbe(dps, { transport, registrationId: groupDevice, ...certificate('fleet', group) });
    const outcome = await run(probe, { readSecret: vault });
    expect(outcome).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned', deviceId: groupDevice } });
  });

  it.each<[string, string, object]>([
    ['its own certificate', 'own', {}],
    ['the leaf that was issued for it', 'fleet', { registrationId: groupDevice, ...certificate('fleet', group) }],
  ])('is accepted by its hub with %s, too', async (_case, name, over) => {
    const verified = { verifyHub: 'telemetry', expect: { assignedHub: [hubName] } };
    const outcome = await run(localProbe(dps, { transport, ...certificate(name), ...verified, ...over }), {
      readSecret: vault,
    });
    expect(outcome).toMatchObject({
      verdict: 'healthy',
      reasons: [],
      result: { kind: 'assigned', assignedHub: hubName },
    });
    expect(outcome.phases.hub).toBeGreaterThan(0);
  });

  it.each<[string, string, object]>([
    ['of a stranger', 'stranger', {}],
    ['that has expired', 'expired', {}],
    ['of a CA that DPS does not know', 'unknown', { registrationId: groupDevice, ...certificate('unknown', group) }],
  ])('is refused with a certificate %s, and a canary finds that right', async (_case, name, over) => {
    const canary = { transport, ...certificate(name), expect: { result: 'refused' }, ...over };
    const outcome = await run(localProbe(dps, canary), { readSecret: vault });
    expect(outcome).toMatchObject({ verdict: 'healthy', reasons: [] });
  });
});

describe('a certificate on our side', () => {
  it('must have the registrationId as its common name, and the error names both', async () => {
    const outcome = await run(localProbe(dps, { registrationId: 'someone-else', ...certificate('own') }), {
      readSecret: vault,
    });
    expect(outcome).toMatchObject({ verdict: 'unknown', result: { kind: 'notRun', cause: 'invalidCredential' } });
    expect(outcome.reasons.join()).toMatch(/"device-001".*"someone-else"/);
  });

  it('without its key is an error with the reason', async () => {
    const outcome = await run(localProbe(dps, certificate('keyless')), { readSecret: vault });
    expect(outcome.reasons.join()).toContain('no private key');
  });

  it('that expires soon degrades the probe that expects more days', async () => {
    const probe = localProbe(dps, { ...certificate('own'), expect: { certificateDaysLeft: 14 } });
    const outcome = await run(probe, { readSecret: vault });
    expect(outcome.verdict).toBe('degraded');
    expect(outcome.reasons.join()).toMatch(/device certificate expires in 4 days/);
  });
});
