import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, matchesGlob } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { build } from '../../scripts/build.ts';
import { packageApp } from '../../scripts/package.ts';
import { projectDirectory } from '../../scripts/projectFiles.ts';
import { startAzurite } from '../../src/local/azurite.ts';
import { forkFunctionsHost } from '../../src/local/functionsHost/forkFunctionsHost.ts';

const production = ['dist/main.cjs', 'dist/main.cjs.map', 'host.json', 'package.json'];

describe('packageApp', () => {
  let built = '';
  beforeAll(async () => {
    await build();
    // A copy, which no other test builds into meanwhile.
    built = await mkdtemp(join(tmpdir(), 'built-'));
    for (const path of production) await cp(join(projectDirectory, path), join(built, path));
  });
  afterAll(() => rm(built, { recursive: true, force: true }));

  it('holds the four production files and nothing else, in less than four megabytes', async () => {
    const { zip, files } = await packageApp(built);
    expect(Object.keys(unzipSync(zip))).toEqual(production);
    expect(files.map((file) => file.path)).toEqual(production);
    expect(zip.length).toBeLessThan(4 * 1024 * 1024);
  });

  it('leaves no dependency and no script in package.json for Azure to act on', async () => {
    const { zip } = await packageApp(built);
    const text = Buffer.from(unzipSync(zip)['package.json'] ?? []).toString();
    expect(Object.keys(JSON.parse(text))).toEqual(['name', 'version', 'type', 'main']);
  });

  it('gives the same bytes twice, in every time zone', async () => {
    vi.stubEnv('TZ', 'America/Los_Angeles');
    onTestFinished(() => void vi.unstubAllEnvs());
    const first = await packageApp(built);
    vi.stubEnv('TZ', 'Pacific/Auckland');
    const second = await packageApp(built);
    expect(Buffer.compare(first.zip, second.zip)).toBe(0);
  });

  it('runs from its own folder, with no module beside it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'unpacked-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    for (const [file, contents] of Object.entries(unzipSync((await packageApp(built)).zip))) {
      await mkdir(dirname(join(directory, file)), { recursive: true });
      await writeFile(join(directory, file), contents);
    }
    const azurite = await startAzurite();
    onTestFinished(() => azurite.close());
    const host = await forkFunctionsHost({
      appDirectory: directory,
      port: 0,
      functionKey: 'function-key',
      masterKey: 'master-key',
      timers: false,
      environment: {
        PATH: process.env.PATH,
        AzureWebJobsStorage: azurite.connectionString,
        KEY_VAULT_URL: 'https://vault.invalid',
        PROBES: '[]',
      },
    });
    onTestFinished(() => host.stop());
    const response = await fetch(`${host.url}/api/probes`, { headers: { 'x-functions-key': 'function-key' } });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining('json')]);
  });
});

describe('.funcignore', () => {
  it('leaves the same folders and files for those who publish with Core Tools, whatever is added to the checkout', async () => {
    const lines = (await readFile(join(projectDirectory, '.funcignore'), 'utf8')).split('\n');
    const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
    const isIgnored = (path: string) => patterns.some((pattern) => matchesGlob(path, pattern));
    const left = (await readdir(projectDirectory)).filter((name) => !name.startsWith('.') && !isIgnored(name)).sort();
    expect(left).toEqual(['dist', 'host.json', 'package.json']);
    const inDist = ['dist/main.cjs', 'dist/main.cjs.map', 'dist/probes.schema.json', 'dist/azd', 'local.settings.json'];
    expect(inDist.filter((path) => !isIgnored(path))).toEqual(['dist/main.cjs', 'dist/main.cjs.map']);
    expect(patterns).toContain('.*');
  });
});
