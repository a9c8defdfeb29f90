/**
 * A program: `emulator` or `bare`, serving until its parent ends. It responds to each message from the parent with the CPU time used so
 * far.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createLocalAuthority } from '../../../src/emulator/certificates.ts';
import { startDps } from '../../../src/emulator/dps/startDps.ts';
import { benchConfiguration } from '../benchDevices.ts';
import { createBareServer } from './bareServer.ts';

const [kind] = process.argv.slice(2);
const authority = await createLocalAuthority();
const certificate = await authority.issueServer();

async function listen(): Promise<number> {
  if (kind === 'emulator') return (await startDps({ certificate, configuration: benchConfiguration(0) })).mqttsPort;
  const server = createBareServer(certificate).listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const port = await listen();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000, rssMb: process.memoryUsage.rss() / 1e6 });
});
process.on('disconnect', () => process.exit());
process.send?.({ port, ca: authority.caPem });
