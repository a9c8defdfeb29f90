/** What our client does: from the stand-in's history, its own transcript, and the packets at a server that only listens. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { IConnectPacket } from 'mqtt-packet';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import type { SecretResult } from '../../src/keyvault/secretResult.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { authority, localProbe, registrationId, run, startLocalDps } from '../support/localProbe.ts';
import { startScriptedServer } from '../support/scriptedServer.ts';

export interface ClientRuns {
  readonly mqtt: Outcome;
  readonly webSocket: Outcome;
  /** With a certificate instead of a key. */
  readonly x509: Outcome;
  /** To a server that supports at most TLS 1.1. */
  readonly oldTls: Outcome;
  /** Of the runs over `mqtt` and `webSocket`. */
  readonly requests: RunningDps['requests']['all'];
  /** CONNECT with a key, as received. */
  readonly connect: IConnectPacket;
  /** What the client sent to a server without TLS. */
  readonly plaintext: Buffer;
}

/** @param dps waits a second before each query, and assigns at the second one. */
export async function clientRuns(dps: RunningDps): Promise<ClientRuns> {
  const [mqtt, webSocket] = [await run(localProbe(dps)), await run(localProbe(dps, { transport: 'mqtt-ws' }))];
  await dps.requests.seen(
    { kind: 'close', transport: 'mqtt-ws', clientId: registrationId },
    AbortSignal.timeout(10_000),
  );
  const requests = dps.requests.of(registrationId);
  const { key, cert } = authority.intermediate;
  const certificate: SecretResult = {
    kind: 'found',
    value: `${key}\n${cert}`,
    contentType: 'application/x-pem-file',
  };
  const ofFleet = { attestation: { type: 'x509', certificate: 'fleet', enrollment: 'group' } };
  const x509 = await run(localProbe(dps, { registrationId: 'x509-001', ...ofFleet }), {
    readSecret: async () => certificate,
  });
  return {
    mqtt,
    webSocket,
    x509,
    requests,
    oldTls: await toOldTls(),
    connect: await witnessed(),
    plaintext: await sentInClear(),
  };
}

async function toOldTls(): Promise<Outcome> {
  const old = await startLocalDps({}, { listenerFault: 'oldTlsOnly' });
  const outcome = await run(localProbe(old));
  await old.close();
  return outcome;
}

async function witnessed(): Promise<IConnectPacket> {
  const server = await startScriptedServer(await authority.issueServer());
  await run(localProbe({ ...server, idScope: '0neLOCAL' }));
  const connect = server.connectOf(registrationId);
  await server.close();
  if (connect === undefined) throw new Error('our client sent no CONNECT');
  return connect;
}

async function sentInClear(): Promise<Buffer> {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      received.push(bytes);
      socket.end('220 ready\r\n'); // as services that offer TLS on request greet
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await run(localProbe({ idScope: '0neLOCAL', mqttsPort: port, wssPort: port }));
  server.close();
  return Buffer.concat(received);
}
