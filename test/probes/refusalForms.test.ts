import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createSelfSigned } from '../../src/emulator/certificates.ts';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import type { ReadSecret } from '../../src/probes/credential.ts';
import { authority, localProbe, registrationId, run, startLocalDps, vaultOf } from '../support/localProbe.ts';

const transports = ['mqtt', 'mqtt-ws'] as const;
const x509 = { attestation: { type: 'x509', certificate: 'stranger' } };
let readSecret: ReadSecret;

beforeAll(async () => {
  const { key, cert } = await createSelfSigned({ commonName: registrationId });
  readSecret = vaultOf({ stranger: `${key}\n${cert}` });
});

describe.each(transports)('field report 4: a certificate that no enrollment has, over %s', (transport) => {
  it.each([
    ['register', 'healthy'],
    ['connect', 'healthy'],
    ['failed', 'healthy'],
    ['close', 'unknown'],
  ] as const)('is refused at %s: a canary is %s', async (refuseAt, verdict) => {
    const enrolled = await authority.issueClient({ commonName: registrationId });
    const [certificate = ''] = enrolled.cert.split(/(?<=-----END CERTIFICATE-----)\n/);
    const clientCertificates = { primary: { certificate } };
    const dps = await startLocalDps({ attestation: { type: 'x509', x509: { clientCertificates } } }, { refuseAt });
    onTestFinished(() => dps.close());
    const probe = localProbe(dps, { transport, ...x509 });
    const canary = localProbe(dps, { transport, ...x509, expect: { result: 'refused' } });
    const [asProbe, asCanary] = [await run(probe, { readSecret }), await run(canary, { readSecret })];
    expect(asCanary.verdict).toBe(verdict);
    expect(asProbe.verdict).toBe('failing');
    expect(asProbe.reasons.join()).toMatch(/Next: .*\bchain\b|Next: Compare .*the certificate with the enrollment/);
    if (refuseAt === 'close')
      expect(asProbe.reasons.join()).toMatch(/Next: Check the certificate's validity and chain.*firewall/);
  });
});

describe('a probe that is dialled at a wrong port', () => {
  let dps: RunningDps;
  beforeAll(async () => {
    dps = await startLocalDps();
  });
  afterAll(() => dps.close());

  it.each([
    [
      'mqtt-ws at a port that speaks MQTT',
      () => ({ transport: 'mqtt-ws', globalDeviceEndpoint: `localhost:${dps.mqttsPort}` }),
    ],
    ['mqtt at a port that speaks WebSocket', () => ({ globalDeviceEndpoint: `localhost:${dps.wssPort}` })],
  ])('is reported: %s', async (_case, over) => {
    const { verdict, reasons } = await run(localProbe(dps, over()));
    expect(verdict).toBe('failing');
    expect(reasons.join()).toMatch(/Next: Check the port: .*443.*8883|Next: Check the port: .*8883.*443/);
  });

  it('is reported: the port does not speak TLS', async () => {
    const plain = createServer((socket) => socket.end('220 not TLS\r\n'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void plain.close());
    const address = plain.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { reasons } = await run(localProbe(dps, { globalDeviceEndpoint: `127.0.0.1:${port}` }));
    expect(reasons.join()).toMatch(/The port does not speak TLS\. Next: Check the port/);
  });
});
