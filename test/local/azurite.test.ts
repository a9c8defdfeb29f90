import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { QueueServiceClient } from '@azure/storage-queue';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { type AzuriteOptions, startAzurite } from '../../src/local/azurite.ts';
import { startManagedIdentity } from '../../src/local/managedIdentity/managedIdentity.ts';
import { trust } from '../support/trust.ts';

const insecure = { allowInsecureConnection: true };

describe('startAzurite', { timeout: 120_000 }, () => {
  it('serves queues and tables to the real clients by its connection string', async () => {
    const azurite = await start();
    const queues = QueueServiceClient.fromConnectionString(azurite.connectionString);
    await queues.createQueue('batches');
    await queues.getQueueClient('batches').sendMessage('one');
    const table = TableClient.fromConnectionString(azurite.connectionString, 'outcomes', insecure);
    await table.createTable();
    await table.createEntity({ partitionKey: 'p', rowKey: 'r', verdict: 'healthy' });

    const received = await queues.getQueueClient('batches').receiveMessages();
    expect(received.receivedMessageItems.map((message) => message.messageText)).toEqual(['one']);
    expect(await table.getEntity('p', 'r')).toMatchObject({ verdict: 'healthy' });
  });

  it('keeps data in a directory between starts when one is given', async () => {
    const directory = await temporaryDirectory();
    const first = await startAzurite({ directory });
    await TableClient.fromConnectionString(first.connectionString, 'kept', insecure).createTable();
    await TableClient.fromConnectionString(first.connectionString, 'kept', insecure).createEntity({
      partitionKey: 'p',
      rowKey: 'r',
    });
    await first.close();

    const second = await start({ directory });
    const stored = TableClient.fromConnectionString(second.connectionString, 'kept', insecure);
    expect(await stored.getEntity('p', 'r')).toMatchObject({ rowKey: 'r' });
  });

  it('accepts tokens of the local managed identity over HTTPS, as storage without shared keys does', async () => {
    const directory = await temporaryDirectory();
    const authority = await createLocalAuthority();
    trust(authority.caPem);
    const { cert, key } = await authority.issueServer();
    const certificate = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') };
    await writeFile(certificate.certFile, cert);
    await writeFile(certificate.keyFile, key);
    const azurite = await start({ certificate });
    const identity = await startManagedIdentity();
    onTestFinished(() => identity.close());

    const credential = {
      getToken: async () => ({
        token: identity.issueToken('https://storage.azure.com').value,
        expiresOnTimestamp: Date.now() + 60_000,
      }),
    };
    const table = new TableClient(azurite.tableServiceUri, 'outcomes', credential);
    await table.createTable();
    await table.createEntity({ partitionKey: 'p', rowKey: 'r' });
    expect(await table.getEntity('p', 'r')).toMatchObject({ rowKey: 'r' });
  });

  it('reports which port is in use and what to do', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    onTestFinished(() => void occupant.close());
    const address = occupant.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    await expect(start({ ports: { blob: port, queue: 0, table: 0 } })).rejects.toThrow(
      `Azurite cannot listen on 127.0.0.1:${port}: the port is in use. Stop the program that uses it (another Azurite?), or choose other ports.`,
    );
  });

  it('has stopped after close, which may be called twice', async () => {
    const azurite = await startAzurite();
    expect(isRunning(azurite.processId)).toBe(true);
    await azurite.close();
    await azurite.close();
    expect(isRunning(azurite.processId)).toBe(false);
  });

  it('stops when the process that started it is killed', async () => {
    const parent = fork(new URL('../support/azuriteParent.ts', import.meta.url), { execArgv: [] });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [processId] = (await once(parent, 'message')) as [number];
    expect(isRunning(processId)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isRunning(processId), { timeout: 60_000 }).toBe(false);
  });
});

async function start(options?: AzuriteOptions) {
  const azurite = await startAzurite(options);
  onTestFinished(() => azurite.close());
  return azurite;
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'azurite-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function isRunning(processId: number | undefined): boolean {
  try {
    return process.kill(processId ?? Number.NaN, 0); // signal 0 only asks
  } catch {
    return false;
  }
}
