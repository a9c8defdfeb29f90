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
import { bareEnvironment } from '../support/bareEnvironment.ts';
import { probeJson } from '../support/probeJson.ts';

const production = ['dist', 'host.json', 'package.json'];
const key = { 'x-functions-key': 'function-key' };

describe('packageApp', () => {
  let built = '';
  beforeAll(async () => {
    await build();
    // A copy, which no other test builds into meanwhile.
    built = await mkdtemp(join(tmpdir(), 'built-'));
    for (const path of production) await cp(join(projectDirectory, path), join(built, path), { recursive: true });
  });
  afterAll(() => rm(built, { recursive: true, force: true }));

  it('contains only the modules, host.json and package.json, in less than a megabyte', async () => {
    const { zip, files } = await packageApp(built);
    const paths = Object.keys(unzipSync(zip));
    expect(paths.filter((path) => !/^dist\/chunks\/[\w.-]+\.mjs$/.test(path))).toEqual([
      'dist/main.mjs',
      'host.json',
      'package.json',
    ]);
    expect(files.map((file) => file.path)).toEqual(paths);
    expect(paths.length).toBeGreaterThan(10);
    expect(zip.length).toBeLessThan(0.8 * 1024 * 1024);
  });

  it('leaves no dependency and no script in package.json for Azure to act on', async () => {
    const { zip } = await packageApp(built);
    const text = Buffer.from(unzipSync(zip)['package.json'] ?? []).toString();
    expect(Object.keys(JSON.parse(text))).toEqual(['name', 'version', 'type', 'main']);
  });

  it('has the same bytes in every build and time zone', async () => {
    vi.stubEnv('TZ', 'America/Los_Angeles');
    onTestFinished(() => void vi.unstubAllEnvs());
    const first = await packageApp(built);
    vi.stubEnv('TZ', 'Pacific/Auckland');
    const second = await packageApp(built);
    expect(Buffer.compare(first.zip, second.zip)).toBe(0);
  });

  it('runs from its own folder, without node_modules', async () => {
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
        ...bareEnvironment(),
        AzureWebJobsStorage: azurite.connectionString,
        KEY_VAULT_URL: 'https://vault.invalid',
        PROBES: JSON.stringify([probeJson()]),
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      },
    });
    onTestFinished(() => host.stop());
    // One of each chunk that is loaded when it is asked for.
    for (const [method, path, type] of [
      ['GET', 'probes', 'json'],
      ['POST', 'probes/weu-key/runs', 'json'],
      ['GET', 'status', 'html'],
      ['GET', 'metrics', 'text/plain'],
      ['GET', 'badges/weu-key.svg', 'svg'],
      ['GET', 'outcomes', 'json'],
      ['GET', 'simulations', 'json'],
    ] as const) {
      const response = await fetch(`${host.url}/api/${path}`, { method, headers: { ...key, accept: '*/*' } });
      expect
        .soft([path, response.status, response.headers.get('content-type')])
        .toEqual([path, 200, expect.stringContaining(type)]);
    }
  });
});

describe('.funcignore', () => {
  it('selects the same files for Core Tools, even if files are added to the checkout', async () => {
    const lines = (await readFile(join(projectDirectory, '.funcignore'), 'utf8')).split('\n');
    const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
    const isIgnored = (path: string) => patterns.some((pattern) => matchesGlob(path, pattern));
    const left = (await readdir(projectDirectory)).filter((name) => !name.startsWith('.') && !isIgnored(name)).sort();
    expect(left).toEqual(['dist', 'host.json', 'package.json']);
    const modules = ['dist/main.mjs', 'dist/chunks/x-ABC.mjs'];
    const others = [
      'dist/main.mjs.map',
      'dist/chunks/x-ABC.mjs.map',
      'dist/build.json',
      'dist/probes.schema.json',
      'dist/azd',
      'local.settings.json',
    ];
    expect([...modules, ...others].filter((path) => !isIgnored(path))).toEqual(modules);
    expect(patterns).toContain('.*');
  });
});
