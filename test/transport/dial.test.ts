import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createDeadline } from '../../src/transport/deadline.ts';
import { dial } from '../../src/transport/dial.ts';
import { createRecorder } from '../../src/transport/recorder.ts';
import { tlsContext } from '../../src/transport/tlsContext.ts';

let server: Server | undefined;
afterEach(() => server?.close());

async function dialOneThatAnswers(bytes: Uint8Array) {
  server = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.end(bytes));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const deadline = createDeadline(5_000);
  const recorder = createRecorder('keyVault');
  try {
    return await dial({ host: '127.0.0.1', port }, tlsContext(), { recorder, deadline });
  } finally {
    deadline.end();
  }
}

describe('a handshake that fails', () => {
  it.each([
    ['a server without TLS', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'client', 'wrong version number'],
    // Alert, TLS 1.2, two bytes: fatal, protocol_version (RFC 8446 section 6).
    ['a server of another time', Buffer.from([21, 3, 3, 0, 2, 2, 70]), 'server', 'tlsv1 alert protocol version'],
  ])(
    "with %s is reported with OpenSSL's reason, without line breaks and source positions",
    async (_, bytes, refusedBy, words) => {
      const dialled = await dialOneThatAnswers(bytes);
      expect(dialled).toMatchObject({
        kind: 'notDialled',
        failure: { kind: 'tlsFailed', phase: 'tls', refusedBy, message: words },
        server: { address: '127.0.0.1' },
      });
    },
  );
});
