import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableServiceClient } from '@azure/data-tables';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { createOutcomeHistory } from '../../src/history/history.ts';
import { type AzuriteOptions, startAzurite } from '../../src/local/azurite.ts';
import { openTables } from '../../src/storage/openTables.ts';
import { readRows } from '../../src/storage/table.ts';
import { useManagedIdentity } from '../support/azureIdentity.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { trust } from '../support/trust.ts';
import { unusedPort } from '../support/unusedPort.ts';
import { connectionStringFor, historyAt, tablesAt, useAzurite } from '../support/useHistory.ts';

const identity = useManagedIdentity();
const azurite = useAzurite();

let tables = 0;
/** A name that no other test of this file uses. */
function newTableName(): string {
  tables += 1;
  return `table${tables}`;
}

async function start(options: AzuriteOptions = {}) {
  const azurite = await startAzurite(options);
  onTestFinished(() => azurite.close());
  return azurite;
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'dps-canary-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

describe('the tables of an account', { timeout: 120_000 }, () => {
  it('creates a table with its first row, for all who write at the same time', async () => {
    const table = tablesAt(azurite.connectionString())(newTableName());
    const rows = ['a', 'b', 'c'].map((rowKey) => ({ partitionKey: 'p', rowKey, value: rowKey }));
    await Promise.all(rows.map((row) => table.insert(row)));
    expect((await readRows(table, { partitionKey: 'p' })).map(({ value }) => value)).toEqual(['a', 'b', 'c']);
  });

  it('reads no rows from a missing table, and does not create it (fault 20)', async () => {
    const connectionString = azurite.connectionString();
    const name = newTableName();
    const table = tablesAt(connectionString)(name);
    expect(await table.read({ partitionKey: 'p', rowKey: 'r' })).toBeUndefined();
    expect(await readRows(table, { partitionKey: 'p' })).toEqual([]);
    expect(await Array.fromAsync(table.partitions())).toEqual([]);
    expect(await table.remove({ partitionKey: 'p', rowKey: 'r' })).toBe(false);
    const service = TableServiceClient.fromConnectionString(connectionString, { allowInsecureConnection: true });
    const names = (await Array.fromAsync(service.listTables())).map((listed) => listed.name);
    expect(names).not.toContain(name);
  });

  it('inserts a row once, and replaces it only as it was read', async () => {
    const table = tablesAt(azurite.connectionString())(newTableName());
    const key = { partitionKey: 'p', rowKey: 'r' };
    const first = await table.insert({ ...key, value: 1 });
    expect(first.kind).toBe('written');
    expect(await table.insert({ ...key, value: 2 })).toEqual({ kind: 'changed' });
    const stored = await table.read(key);
    expect(stored).toMatchObject({ row: { value: 1 }, etag: 'etag' in first && first.etag });
    expect(stored?.ageMs).toBeGreaterThanOrEqual(0);
    expect((await table.replace({ ...key, value: 3 }, stored?.etag ?? '')).kind).toBe('written');
    expect(await table.replace({ ...key, value: 4 }, stored?.etag ?? '')).toEqual({ kind: 'changed' });
    expect(await table.remove(key, { etag: stored?.etag ?? '' })).toBe(false);
    expect(await table.remove(key)).toBe(true);
    expect(await table.remove(key)).toBe(false);
  });

  it('inserts all rows of a partition, or none of them', async () => {
    const table = tablesAt(azurite.connectionString())(newTableName());
    const row = (rowKey: string) => ({ partitionKey: 'p', rowKey });
    expect(await table.insertAll([row('a'), row('b')])).toBe(true);
    expect(await table.insertAll([row('c'), row('b')])).toBe(false);
    expect((await readRows(table, { partitionKey: 'p' })).map(({ rowKey }) => rowKey)).toEqual(['a', 'b']);
  });

  it('deletes rows although another process deletes some of them at the same time (fault 16)', async () => {
    const name = newTableName();
    const [one, other] = [tablesAt(azurite.connectionString())(name), tablesAt(azurite.connectionString())(name)];
    const rowKeys = Array.from({ length: 250 }, (_, number) => `r${String(number).padStart(3, '0')}`);
    for (let at = 0; at < rowKeys.length; at += 100) {
      await one.insertAll(rowKeys.slice(at, at + 100).map((rowKey) => ({ partitionKey: 'p', rowKey })));
    }
    await other.remove({ partitionKey: 'p', rowKey: 'r150' });
    await Promise.all([one.removeAll('p', rowKeys), other.removeAll('p', rowKeys.toReversed())]);
    expect(await readRows(one, { partitionKey: 'p' })).toEqual([]);
  });

  it('escapes special characters in a key', async () => {
    const table = tablesAt(azurite.connectionString())(newTableName());
    await table.insert({ partitionKey: "o'clock", rowKey: "it's" });
    expect(await readRows(table, { partitionKey: "o'clock", from: "it's" })).toHaveLength(1);
    expect(await Array.fromAsync(table.partitions())).toEqual(["o'clock"]);
  });

  it('cancels a call at its limit if the storage accepts connections and never responds (faults 20, 55)', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const table = tablesAt(connectionStringFor((silent.address() as AddressInfo).port))('rows');
    const row = { partitionKey: 'p', rowKey: 'r' };
    const calls = [
      () => table.read(row, { limitMs: 200 }),
      () => table.insert(row, { limitMs: 200 }),
      () => table.put([row], { limitMs: 200 }),
      () => table.removeAll('p', ['r'], { limitMs: 200 }),
      () => readRows(table, { partitionKey: 'p', limitMs: 200 }),
      () => table.read(row, { signal: AbortSignal.timeout(200) }),
      () => table.partitions({ limitMs: 200 }).next(),
    ];
    for (const call of calls) {
      const start = performance.now();
      await expect(call()).rejects.toMatchObject({ name: 'TimeoutError' });
      expect(performance.now() - start).toBeLessThan(1_500);
    }
    // After a call without a response the next caller waits less than at first.
    const start = performance.now();
    await expect(table.read(row)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  it('tries again after a failure: storage that was not available at start is used when it becomes available', async () => {
    const ports = { blob: 0, queue: 0, table: await unusedPort() };
    const away = await startAzurite({ ports });
    await away.close();
    const history = historyAt(away.connectionString);
    const outcome = buildOutcome();
    await expect(history.append(outcome)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await start({ ports });
    await history.append(outcome);
    expect(await history.latest(outcome.probe)).toEqual(outcome);
  });

  it('uses the service URL and a token, over HTTPS', async () => {
    const directory = await temporaryDirectory();
    const authority = await createLocalAuthority();
    trust(authority.caPem);
    const { cert, key } = await authority.issueServer();
    const certificate = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') };
    await writeFile(certificate.certFile, cert);
    await writeFile(certificate.keyFile, key);
    const { tableServiceUri } = await start({ certificate });
    const { endpoint, settings } = identity();
    const open = openTables({ kind: 'identity', endpoint: tableServiceUri, clientId: endpoint.clientId }, settings);
    const before = endpoint.requests.length;
    const history = createOutcomeHistory(open, 'westeurope');
    const outcome = buildOutcome({ verdict: 'failing', reasons: ['in a transaction of two rows'] });
    await history.append(outcome);
    expect(await history.latest(outcome.probe)).toEqual(outcome);
    expect(new Set(endpoint.requests.slice(before).map(({ resource, status }) => `${resource} ${status}`))).toEqual(
      new Set(['https://storage.azure.com 200']),
    );
  });

  it('cancels a call at its limit if the identity endpoint never responds', async () => {
    const { endpoint, settings } = identity();
    endpoint.setFault('silent');
    const open = openTables(
      { kind: 'identity', endpoint: 'https://127.0.0.1:1', clientId: endpoint.clientId },
      settings,
    );
    const start = performance.now();
    await expect(open('rows').read({ partitionKey: 'p', rowKey: 'r' }, { limitMs: 300 })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});
