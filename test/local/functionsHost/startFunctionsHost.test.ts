import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HostError } from '../../../src/local/functionsHost/hostError.ts';
import { quietEnvironment, useFixtureApp } from '../../support/fixtureApp.ts';

describe('startFunctionsHost', () => {
  const app = useFixtureApp();

  async function copyOfApp(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'host-error-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await cp(app.directory(), directory, { recursive: true });
    return directory;
  }

  it('lists what it serves', async () => {
    const { functions } = await app.start();
    expect(functions).toContainEqual({ name: 'tick', trigger: 'timer', detail: '0 0 0 1 1 *' });
    expect(functions).toContainEqual({ name: 'locked', trigger: 'http', detail: 'GET,POST api/locked' });
    expect(functions.map(({ name }) => name)).not.toContain('work');
  });

  it('disables one timer whose schedule cannot be read, and serves everything else (fault 66)', async () => {
    const environment = { ...quietEnvironment, FIXTURE_SCHEDULE: 'every five minutes' };
    const { functions, log, url } = await app.start({ environment });
    expect(functions.map(({ name }) => name)).not.toContain('tick');
    expect((await fetch(`${url}/api/things/first`)).status).toBe(200);
    const error = await log.next(/function is in error/);
    expect(error).toMatchObject({
      level: 'error',
      message: expect.stringMatching(/^The 'tick' function is in error: The schedule/),
    });
  });

  it('sends an empty response with Content-Length: 0, and 204 without one (fault 68)', async () => {
    const { url } = await app.start();
    for (const path of ['/api/nowhere', '/api/locked', '/api/broken']) {
      const response = await fetch(url + path);
      expect
        .soft([response.headers.get('content-length'), response.headers.get('transfer-encoding')], path)
        .toEqual(['0', null]);
    }
    expect((await fetch(`${url}/api/nothing`)).headers.get('content-length')).toBeNull();
  });

  it('reports which port is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(app.start({ port })).rejects.toThrow(
      new HostError(`Port ${port} on 127.0.0.1 is in use: stop the other program, or choose another port with PORT.`),
    );
  });

  it('reports that the app is not built', async () => {
    const appDirectory = await copyOfApp();
    await rm(join(appDirectory, 'dist'), { recursive: true });
    await expect(app.start({ appDirectory })).rejects.toThrow(
      new HostError(`There is no dist/main.cjs in ${appDirectory}: build the app first (npm run build).`),
    );
  });

  it.each([
    ['registers nothing', 'module.exports = {};', /registered no function: check that it imports them/],
    ['cannot be loaded', 'require("./gone.js");', /could not be loaded: .*Cannot find module '\.\/gone\.js'/],
    [
      'registers a name twice',
      "const c = require('@azure/functions-core'); for (let i = 0; i < 2; i += 1) c.registerFunction({ name: 'twin', bindings: {} }, () => {});",
      /^Two functions are registered as "twin": rename one\.$/,
    ],
  ])('reports that the app %s', async (_fault, code, message) => {
    const appDirectory = await copyOfApp();
    await writeFile(join(appDirectory, 'dist/main.cjs'), code);
    const failure = app.start({ appDirectory });
    await expect(failure).rejects.toBeInstanceOf(HostError);
    await expect(failure).rejects.toThrow(message);
  });

  it.each([
    ['is missing', undefined, /^There is no readable host\.json in/],
    ['is not valid JSON', '{', /host\.json is not valid JSON/],
    ['has errors', '{"version":"2.0","functionTimeout":1}', /host\.json has errors:\n {2}functionTimeout/],
  ])('reports that host.json %s', async (_fault, text, message) => {
    const appDirectory = await copyOfApp();
    if (text === undefined) await rm(join(appDirectory, 'host.json'));
    else await writeFile(join(appDirectory, 'host.json'), text);
    await expect(app.start({ appDirectory })).rejects.toThrow(message);
  });

  it.each([
    [
      { 'AzureWebJobs.work.Disabled': 'true' },
      'The function tick needs the setting FIXTURE_SCHEDULE (its binding has %FIXTURE_SCHEDULE%): set it.',
    ],
    [
      { FIXTURE_SCHEDULE: '0 0 0 1 1 *' },
      'A function needs the storage connection AzureWebJobsStorage: set AzureWebJobsStorage to a connection string, or AzureWebJobsStorage__queueServiceUri.',
    ],
    [
      { FIXTURE_SCHEDULE: '0 0 0 1 1 *', AzureWebJobsStorage: 'AccountKey=c2VjcmV0' },
      'The setting AzureWebJobsStorage is not a storage connection string: correct it.',
    ],
  ])('names the missing or wrong setting: %o', async (environment, sentence) => {
    await expect(app.start({ environment })).rejects.toThrow(new HostError(sentence));
  });

  it('reports that the storage does not respond, with its URL', async () => {
    // No server listens on port 9 (discard).
    const AzureWebJobsStorage =
      'DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:9/devstoreaccount1;';
    const environment = { ...quietEnvironment, 'AzureWebJobs.work.Disabled': undefined, AzureWebJobsStorage };
    await expect(app.start({ environment })).rejects.toThrow(
      new HostError(
        'The storage that AzureWebJobsStorage names does not respond at http://127.0.0.1:9 (ECONNREFUSED): start Azurite there, or correct AzureWebJobsStorage.',
      ),
    );
  });

  it('leaves require() as it was', async () => {
    const { createRequire } = await import('node:module');
    await app.start();
    expect(() => createRequire(import.meta.url)('@azure/functions-core')).toThrow(/Cannot find module/);
  });
});
