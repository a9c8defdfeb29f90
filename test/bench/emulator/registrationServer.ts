/**
 * A program: `emulator` or `bare`, serving until its parent ends. It responds to each message from the parent with its `ServerState`.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createLocalAuthority } from '../../../src/emulator/certificates.ts';
import { startDps } from '../../../src/emulator/dps/startDps.ts';
import { benchConfiguration } from '../benchDevices.ts';
import { createBareServer } from './bareServer.ts';

export interface ServerState {
  /** CPU time used so far. */
  readonly cpuMs: number;
  /** Resident memory after a collection. */
  readonly rssBytes: number;
  /** Open connections. */
  readonly connections: number;
}

const [kind, retryAfterSeconds = '0'] = process.argv.slice(2);
const authority = await createLocalAuthority();
const certificate = await authority.issueServer();

async function listen(): Promise<{ readonly port: number; readonly connections: () => number }> {
  if (kind === 'emulator') {
    const dps = await startDps({ certificate, configuration: benchConfiguration(Number(retryAfterSeconds)) });
    return { port: dps.mqttsPort, connections: dps.connections };
  }
  const server = createBareServer(certificate).listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, connections: () => 0 };
}

const { port, connections } = await listen();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  globalThis.gc?.(); // only where the parent asks for it
  const rssBytes = process.memoryUsage.rss();
  process.send?.({ cpuMs: (user + system) / 1000, rssBytes, connections: connections() } satisfies ServerState);
});
process.on('disconnect', () => process.exit());
process.send?.({ port, ca: authority.caPem });
