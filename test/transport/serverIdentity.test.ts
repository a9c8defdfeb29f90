import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createLocalAuthority,
  createSelfSigned,
  type IssuedCertificate,
  type LocalAuthority,
} from '../../src/emulator/certificates.ts';
import { createDeadline } from '../../src/transport/deadline.ts';
import { dial } from '../../src/transport/dial.ts';
import { createRecorder } from '../../src/transport/recorder.ts';
import type { ServerIdentity } from '../../src/transport/serverIdentity.ts';
import { tlsContext } from '../../src/transport/tlsContext.ts';
import { trust } from '../support/trust.ts';

let trusted: LocalAuthority;
let leaf: IssuedCertificate;
let server: Server | undefined;

beforeAll(async () => {
  trusted = await createLocalAuthority('Trusted');
  trust(trusted.caPem);
  leaf = await trusted.issueServer();
});
afterEach(() => server?.close());

async function meet(certificate: IssuedCertificate): Promise<ServerIdentity | undefined> {
  server = createServer(certificate, (socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const deadline = createDeadline(5_000);
  const endpoint = { host: 'localhost', port: (server.address() as AddressInfo).port };
  const dialled = await dial(endpoint, tlsContext(), { recorder: createRecorder('dns'), deadline });
  deadline.end();
  if (dialled.kind === 'notDialled') return dialled.server;
  dialled.socket.destroy();
  return dialled.server();
}

const fingerprintOf = (pem: string) => new X509Certificate(pem).fingerprint256;
const subjects = (identity: ServerIdentity | undefined) => identity?.chain?.map(({ subject }) => subject);
const whole = ['localhost', 'Trusted intermediate', 'Trusted root'];

describe('the chain of a server', () => {
  it('ends with the root of the trust store, which servers leave out', async () => {
    const identity = await meet(leaf);
    expect(subjects(identity)).toEqual(whole);
    expect(identity).toMatchObject({
      issuer: 'Trusted intermediate',
      rootFingerprint256: fingerprintOf(trusted.caPem),
    });
  });

  it('has the root once if the server sends it', async () => {
    expect(subjects(await meet({ ...leaf, cert: `${leaf.cert}\n${trusted.caPem}` }))).toEqual(whole);
  });

  it('is read again when the same leaf is sent with other certificates', async () => {
    const [alone = ''] = leaf.cert.split(/(?<=-----END CERTIFICATE-----)\n/);
    expect(subjects(await meet(leaf))).toEqual(whole);
    expect(subjects(await meet({ ...leaf, cert: alone }))).toEqual(['localhost']);
  });

  it('ends with the last certificate sent when the root is unknown', async () => {
    const stranger = await createLocalAuthority('Stranger');
    const identity = await meet(await stranger.issueServer());
    expect(subjects(identity)).toEqual(['localhost', 'Stranger intermediate']);
    expect(identity?.rootFingerprint256).toBe(fingerprintOf(stranger.intermediate.cert));
  });

  it('is one certificate if it is self-signed', async () => {
    const own = await createSelfSigned({ commonName: 'localhost', names: ['localhost'] });
    expect(subjects(await meet(own))).toEqual(['localhost']);
  });
});
