import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { createLocalAuthority } from '../../../src/emulator/certificates.ts';
import type { DpsConfigurationInput } from '../../../src/emulator/dps/dpsConfiguration.ts';
import { type RunningDps, startDps } from '../../../src/emulator/dps/startDps.ts';

type ListenerFaultInput = NonNullable<DpsConfigurationInput['listenerFault']>;

const authority = await createLocalAuthority();
const running: RunningDps[] = [];

afterEach(async () => {
  for (const dps of running.splice(0)) await dps.close();
});

async function startWith(listenerFault: ListenerFaultInput): Promise<RunningDps> {
  const dps = await startDps({
    authority,
    certificate: await authority.issueServer(),
    configuration: { listenerFault },
  });
  running.push(dps);
  return dps;
}

/** `secure`, or the error code. */
async function handshake(port: number): Promise<string> {
  const socket = connectTls({ port, host: 'localhost', servername: 'localhost', ca: authority.caPem });
  try {
    await once(socket, 'secureConnect');
    return 'secure';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    socket.destroy();
  }
}

describe.each(['mqttsPort', 'wssPort'] as const)('a listener fault on %s', (port) => {
  it.each([
    ['closeAfterAccept', 'ECONNRESET'],
    ['resetAfterAccept', 'ECONNRESET'],
    ['plaintextAfterAccept', 'ERR_SSL_WRONG_VERSION_NUMBER'],
    ['expiredCertificate', 'CERT_HAS_EXPIRED'],
    ['wrongNameCertificate', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['selfSignedCertificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['oldTlsOnly', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
  ])('%s ends the handshake with %s', async (fault, code) => {
    const dps = await startWith(fault);
    expect(await handshake(dps[port])).toBe(code);
  });

  it('silentAfterAccept accepts the connection and sends nothing', async () => {
    const dps = await startWith('silentAfterAccept');
    const socket = connectTcp({ port: dps[port], host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.write('a ClientHello, or anything');
    // Another whole handshake takes longer than a response would
    const elsewhere = handshake((await startWith('expiredCertificate'))[port]);
    expect(await Promise.race([once(socket, 'data'), elsewhere])).toBe('CERT_HAS_EXPIRED');
    socket.destroy();
  });
});

describe('a listener fault of the WebSocket', () => {
  const openFailing = async (dps: RunningDps, subprotocol: string) => {
    const socket = new WebSocket(`wss://localhost:${dps.wssPort}/$iothub/websocket`, subprotocol, {
      ca: authority.caPem,
    });
    await once(socket, 'open');
    return socket;
  };

  it.each([200, 403, 502])('responds to the upgrade with %i', async (status) => {
    const dps = await startWith({ kind: 'upgradeStatus', status });
    await expect(openFailing(dps, 'mqtt')).rejects.toThrow(`Unexpected server response: ${status}`);
  });

  it.each([
    ['noSubprotocol', 'Server sent no subprotocol'],
    ['wrongSubprotocol', 'Server sent an invalid subprotocol'],
  ])('%s: "%s"', async (fault, message) => {
    const dps = await startWith(fault);
    await expect(openFailing(dps, 'mqtt')).rejects.toThrow(message);
  });
});

it('reports that a certificate fault needs an authority', async () => {
  const certificate = await authority.issueServer();
  const started = startDps({ certificate, configuration: { listenerFault: 'expiredCertificate' } });
  await expect(started).rejects.toThrow('needs the option `authority`');
});
