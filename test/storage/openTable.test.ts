import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { createOutcomeHistory } from '../../src/history/history.ts';
import { type AzuriteOptions, startAzurite } from '../../src/local/azurite.ts';
import { startManagedIdentity } from '../../src/local/managedIdentity/managedIdentity.ts';
import { createTableOpener } from '../../src/storage/openTable.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { trust } from '../support/trust.ts';

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

describe('opening a table', { timeout: 120_000 }, () => {
  it('makes it on first use, for all who ask at the same time', async () => {
    const { connectionString } = await start();
    const open = createTableOpener({ kind: 'connectionString', connectionString });
    const [one, two] = await Promise.all([open('first'), open('first')]);
    expect(one).toBe(two);
    expect(await open('first')).toBe(one);
    expect((await open('second')).tableName).toBe('second');
  });

  it('takes a table that is there already', async () => {
    const { connectionString } = await start();
    const connection = { kind: 'connectionString', connectionString } as const;
    await createTableOpener(connection)('there');
    expect((await createTableOpener(connection)('there')).tableName).toBe('there');
  });

  it('tries again after a failure: storage that was away at start is used once it is back', async () => {
    const away = await startAzurite();
    const { connectionString, tableServiceUri } = away;
    await away.close();
    const history = createOutcomeHistory(
      createTableOpener({ kind: 'connectionString', connectionString }),
      'westeurope',
    );
    const outcome = buildOutcome();
    await expect(history.append(outcome)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await start({ ports: { blob: 0, queue: 0, table: Number(new URL(tableServiceUri).port) } });
    await history.append(outcome);
    expect(await history.latest(outcome.probe)).toEqual(outcome);
  });

  it('goes by a service address and a token, over HTTPS', async () => {
    const directory = await temporaryDirectory();
    const authority = await createLocalAuthority();
    trust(authority.caPem);
    const { cert, key } = await authority.issueServer();
    const certificate = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') };
    await writeFile(certificate.certFile, cert);
    await writeFile(certificate.keyFile, key);
    const { tableServiceUri } = await start({ certificate });
    const identity = await startManagedIdentity();
    onTestFinished(() => identity.close());

    let tokens = 0;
    const readCredential = async () => ({
      getToken: async () => {
        tokens += 1;
        return {
          token: identity.issueToken('https://storage.azure.com').value,
          expiresOnTimestamp: Date.now() + 3_600_000,
        };
      },
    });
    const open = createTableOpener({ kind: 'serviceUri', tableServiceUri, readCredential });
    expect(tokens).toBe(0);
    const history = createOutcomeHistory(open, 'westeurope');
    const outcome = buildOutcome({ verdict: 'failing', reasons: ['in a transaction of two rows'] });
    await history.append(outcome);
    expect(await history.latest(outcome.probe)).toEqual(outcome);
    expect(tokens).toBeGreaterThan(0);
  });
});
