import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import type { SecretResult } from '../../src/keyvault/secretResult.ts';
import { createDeadline } from '../../src/transport/deadline.ts';
import { dial } from '../../src/transport/dial.ts';
import { createRecorder } from '../../src/transport/recorder.ts';
import { tlsContext } from '../../src/transport/tlsContext.ts';
import { createTlsSessions } from '../../src/transport/tlsSessions.ts';
import { authority, localProbe, run, startLocalDps } from '../support/localProbe.ts';

let dps: RunningDps | undefined;
afterEach(async () => {
  await dps?.close();
  dps = undefined;
});

describe.each(['mqtt', 'mqtt-ws'] as const)('TLS sessions over %s', (transport) => {
  it('are resumed by the next device that proves itself with a key', async () => {
    dps = await startLocalDps();
    const tlsSessions = createTlsSessions();
    const first = await run(localProbe(dps, { transport }), { tlsSessions });
    const second = await run(localProbe(dps, { transport }), { tlsSessions });
    expect(first).toMatchObject({ verdict: 'healthy' });
    expect(first.server).not.toHaveProperty('tlsSessionReused');
    expect(second).toMatchObject({ verdict: 'healthy', server: { tlsSessionReused: true } });
  });

  it('are not resumed by a device with its own certificate, which would be authenticated as another one', async () => {
    const { intermediate } = authority;
    const signingCertificates = { primary: { certificate: intermediate.cert } };
    dps = await startLocalDps(
      {},
      {
        enrollmentGroups: [
          { enrollmentGroupId: 'fleet', attestation: { type: 'x509', x509: { signingCertificates } } },
        ],
      },
    );
    const value = `${intermediate.key}\n${intermediate.cert}`;
    const readSecret = async (): Promise<SecretResult> => ({
      kind: 'found',
      value,
      contentType: 'application/x-pem-file',
    });
    const tlsSessions = createTlsSessions();
    for (const registrationId of ['fleet-1', 'fleet-2']) {
      const attestation = { type: 'x509', certificate: 'fleet', enrollment: 'group' };
      const outcome = await run(localProbe(dps, { transport, registrationId, attestation }), {
        readSecret,
        tlsSessions,
      });
      expect(outcome).toMatchObject({ verdict: 'healthy', result: { deviceId: registrationId } });
      expect(outcome.server).not.toHaveProperty('tlsSessionReused');
    }
  });
});

it.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a session of %s is cached, although it arrives at another time',
  async (maxVersion) => {
    const server = createServer({ ...(await authority.issueServer()), maxVersion }, (socket) => socket.resume());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const tlsSessions = createTlsSessions();
    const endpoint = { host: 'localhost', port };
    const deadline = createDeadline(10_000);

    const reused: unknown[] = [];
    for (let connection = 1; connection <= 2; connection += 1) {
      const dialled = await dial(endpoint, tlsContext(), { recorder: createRecorder('dns'), deadline, tlsSessions });
      if (dialled.kind !== 'dialled') throw new Error(dialled.failure.message);
      reused.push(dialled.server().tlsSessionReused);
      await expect.poll(() => tlsSessions.get(endpoint, tlsContext())).toBeDefined();
      dialled.socket.destroy();
    }
    deadline.end();
    server.close();
    expect(reused).toEqual([undefined, true]);
  },
);
