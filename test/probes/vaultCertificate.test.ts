import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { createSecretReader } from '../../src/keyvault/secretReader.ts';
import { startTestVault, useManagedIdentity } from '../support/azureIdentity.ts';
import { type DeviceChain, type KeyType, makeDeviceChain } from '../support/deviceCertificates.ts';
import { localProbe, registrationId, run, startLocalDps } from '../support/localProbe.ts';

const testIdentity = useManagedIdentity();
const chains = {} as Record<KeyType, DeviceChain>;

beforeAll(async () => {
  for (const type of ['rsa', 'ec'] as const) chains[type] = await makeDeviceChain(type, registrationId);
});

/** A DPS that has enrolled the root of this chain, and a vault into which the device's certificate was imported. */
async function startServices(type: KeyType, form: 'pkcs12' | 'pem') {
  const { key, leaf, intermediate, root } = chains[type];
  const vault = await startTestVault(testIdentity());
  vault.importCertificate('device', key + leaf + intermediate + root, form);
  const signingCertificates = { primary: { certificate: root } };
  const dps = await startLocalDps(
    {},
    {
      individualEnrollments: [],
      iotHubs: ['hub-a.azure-devices.net'],
      enrollmentGroups: [{ enrollmentGroupId: 'fleet', attestation: { type: 'x509', x509: { signingCertificates } } }],
    },
  );
  onTestFinished(() => dps.close());
  const reader = createSecretReader({ vaultUrl: vault.url, identity: testIdentity().settings });
  return { vault, dps, readSecret: reader.read };
}

const attestation = { type: 'x509', certificate: 'device' };

describe.each(['rsa', 'ec'] as const)('a certificate with a chain in the vault, %s', (type) => {
  it.each([
    ['pkcs12', 'mqtt'],
    ['pkcs12', 'mqtt-ws'],
    ['pem', 'mqtt'],
  ] as const)(
    'field report 1: is read as the vault returns it (%s), and the device is assigned over %s',
    async (form, transport) => {
      const { vault, dps, readSecret } = await startServices(type, form);
      const outcome = await run(localProbe(dps, { transport, attestation }), { readSecret });
      expect(outcome).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned', deviceId: registrationId } });
      expect(outcome).not.toHaveProperty('notes');
      // The secret of a certificate expires with it, as in the real vault.
      expect(outcome.credential?.secretExpiresOn).toBe(outcome.credential?.certificateNotAfter);
      expect(vault.requests.at(-1)).toMatchObject({ path: '/secrets/device/', status: 200 });
    },
  );

  it('field report 5: is assigned although the registrationId is written in another case, with a note', async () => {
    const { dps, readSecret } = await startServices(type, 'pkcs12');
    const probe = localProbe(dps, { attestation, registrationId: registrationId.toUpperCase() });
    const outcome = await run(probe, { readSecret });
    expect(outcome).toMatchObject({ verdict: 'healthy', reasons: [] });
    expect(outcome.notes?.join()).toMatch(/"device-001"; the registrationId is "DEVICE-001"/);
  });
});

it('what may explain a refusal is noted with the refusal, and only there', async () => {
  const { vault, dps, readSecret } = await startServices('ec', 'pem');
  const { key, leaf } = chains.ec;
  vault.importCertificate('device', key + leaf, 'pem');
  const refused = await run(localProbe(dps, { attestation }), { readSecret });
  expect(refused.verdict).toBe('failing');
  expect(refused.notes?.join()).toMatch(/chain that stops below its issuer "CN=ec intermediate"/);
});

it('an expired certificate of the vault is not presented', async () => {
  const { vault, dps, readSecret } = await startServices('ec', 'pem');
  const authority = await createLocalAuthority();
  const { key, cert } = await authority.issueClient({
    commonName: registrationId,
    notAfter: new Date(Date.now() - 1000),
  });
  vault.importCertificate('device', `${key}\n${cert}`, 'pkcs12');
  const outcome = await run(localProbe(dps, { attestation }), { readSecret });
  expect(outcome).toMatchObject({ verdict: 'unknown', result: { kind: 'notRun', cause: 'expired' } });
});
