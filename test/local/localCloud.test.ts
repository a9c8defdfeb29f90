import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { startLocalCloud } from '../../src/local/localCloud.ts';
import { descendantsOf } from '../support/processTree.ts';

/** Everything points somewhere already. */
const given = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  KEY_VAULT_URL: 'https://mine.vault.azure.net',
  APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=00000000-0000-0000-0000-000000000000',
  PROBES: '[]',
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'local-cloud-test-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('the cloud on this machine', () => {
  it('starts no stand-in for a configured service, and does not change its settings', async () => {
    const cloud = await startLocalCloud(given);
    expect(cloud).toMatchObject({ standIns: [], ownProbes: true, environment: given });
    await cloud.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['AzureWebJobsStorage by identity', { AzureWebJobsStorage: undefined, AzureWebJobsStorage__accountName: 'mine' }],
    ['probes in a file', { PROBES: '', PROBES_FILE: 'probes.json' }],
  ])('takes %s as pointing somewhere', async (_, changes) => {
    const cloud = await startLocalCloud({ ...given, ...changes });
    expect(cloud).toMatchObject({ standIns: [], ownProbes: true });
    await cloud.close();
  });

  it('treats an empty setting as not set: the samples run, with a schedule of short intervals', async () => {
    const cloud = await startLocalCloud({ ...given, PROBES: ' ', PROBE_SCHEDULE: '' });
    expect(cloud.standIns.map(({ name }) => name)).toEqual(['DPS', 'IoT Hub']);
    expect(cloud.ownProbes).toBe(false);
    const probes: readonly { readonly name: string }[] = JSON.parse(cloud.environment.PROBES ?? '');
    expect(probes.map(({ name }) => name)).toContain('certificate');
    expect(cloud.environment.PROBE_SCHEDULE).toBe('*/20 * * * * *');
    await cloud.close();
  });

  it('trusts previously trusted certificates and its own root', async () => {
    const { caPem } = await createLocalAuthority('somebody else');
    const file = join(folder, 'theirs.pem');
    await writeFile(file, caPem);
    const cloud = await startLocalCloud({ ...given, NODE_EXTRA_CA_CERTS: file });
    const trusted = await readFile(cloud.environment.NODE_EXTRA_CA_CERTS ?? '', 'utf8');
    const subjects = trusted
      .split(/(?<=-----END CERTIFICATE-----)/)
      .filter((part) => part.includes('BEGIN'))
      .map((pem) => new X509Certificate(pem).subject);
    expect(subjects).toEqual(['CN=somebody else root', 'CN=DPS Canary local root']);
    await cloud.close();
  });

  it('stops everything when one part cannot start, including parts that start later', async () => {
    const before = descendantsOf(process.pid);
    const secrets = join(folder, 'secrets.json');
    await writeFile(secrets, '[]');
    const { AzureWebJobsStorage: _, KEY_VAULT_URL: __, ...rest } = given; // Azurite takes seconds, the error milliseconds
    await expect(startLocalCloud({ ...rest, LOCAL_SECRETS_FILE: secrets })).rejects.toThrow(
      /^LOCAL_SECRETS_FILE: expected an object/,
    );
    expect(descendantsOf(process.pid)).toEqual(before);
    expect(await readdir(folder)).toEqual(['secrets.json']);
  });
});
