import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalAuthority } from '../../../src/emulator/certificates.ts';
import { type RunningDps, startDps } from '../../../src/emulator/dps/startDps.ts';
import { connectPacket, isConnack, rawMqttOverTls, type TlsTarget } from '../../support/rawMqttClient.ts';

const authority = await createLocalAuthority();
const fleet = await createLocalAuthority('fleet');
const stranger = await createLocalAuthority('stranger');
let dps: RunningDps;

beforeAll(async () => {
  const signingCertificates = { primary: { certificate: fleet.caPem } };
  dps = await startDps({
    certificate: await authority.issueServer(),
    configuration: {
      refuseAt: 'connect',
      enrollmentGroups: [{ enrollmentGroupId: 'fleet', attestation: { type: 'x509', x509: { signingCertificates } } }],
    },
  });
});
afterAll(() => dps.close());

/** One CONNECT without a password. */
async function attempt(registrationId: string, target: Omit<TlsTarget, 'port' | 'ca'>) {
  const client = await rawMqttOverTls({ port: dps.mqttsPort, ca: authority.caPem, ...target });
  client.send(connectPacket(registrationId, undefined));
  const connack = await client.next();
  const { resumed } = client;
  // A resumed session may bring no new ticket, and none is asked for.
  const ticket = resumed ? {} : { session: await client.session };
  client.end();
  return { returnCode: isConnack(connack) ? connack.returnCode : undefined, resumed, ticket };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a resumed session of %s', (maxVersion) => {
  it('still accepts a device that presented its intermediate', async () => {
    const leaf = await fleet.issueClient({ commonName: 'leaf-1' });
    const first = await attempt('leaf-1', { ...leaf, maxVersion });
    const second = await attempt('leaf-1', { ...leaf, maxVersion, ...first.ticket });
    expect([first, second]).toMatchObject([
      { returnCode: 0, resumed: false },
      { returnCode: 0, resumed: true },
    ]);
  });

  it('accepts no device that it did not accept before', async () => {
    const leaf = await stranger.issueClient({ commonName: 'leaf-2' });
    const first = await attempt('leaf-2', { ...leaf, maxVersion });
    const second = await attempt('leaf-2', { ...leaf, maxVersion, ...first.ticket });
    expect([first, second]).toMatchObject([
      { returnCode: 5, resumed: false },
      { returnCode: 5, resumed: true },
    ]);
  });

  it('accepts a device only under its own name', async () => {
    const leaf = await fleet.issueClient({ commonName: 'leaf-3' });
    const first = await attempt('leaf-3', { ...leaf, maxVersion });
    expect(await attempt('leaf-4', { ...leaf, maxVersion, ...first.ticket })).toMatchObject({
      returnCode: 5,
      resumed: true,
    });
  });
});
