import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { quietEnvironment, useFixtureApp } from '../../support/fixtureApp.ts';
import { keys } from '../../support/hostKeys.ts';

describe('HTTP functions', () => {
  const app = useFixtureApp();

  it('passes a handler the request as the real host does', async () => {
    const { url, port } = await app.start();
    const response = await fetch(`${url}/api/things/a%20b?x=1&y=&x=2`, {
      method: 'PUT',
      headers: { 'X-Mixed-Case': 'kept', 'content-type': 'application/json' },
      body: '{"a":1}',
    });
    expect([response.status, response.headers.get('x-fixture')]).toEqual([201, 'yes']);
    expect(await response.json()).toMatchObject({
      method: 'PUT',
      url: `http://127.0.0.1:${port}/api/things/a%20b?x=1&y=&x=2`,
      params: { id: 'a b' },
      query: { x: '1,2', y: '' },
      headers: { 'x-mixed-case': 'kept', host: `127.0.0.1:${port}` },
      body: '{"a":1}',
      traceContext: { traceParent: '' },
      triggerMetadata: null,
    });
  });

  it('joins repeated headers with a comma', async () => {
    const { url } = await app.start();
    const body = await new Promise<string>((resolve, reject) => {
      const outgoing = request(`${url}/api/things/1`, { headers: { 'x-many': ['one', 'two'] } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
      });
      outgoing.on('error', reject).end();
    });
    expect(JSON.parse(body).headers['x-many']).toBe('one,two');
  });

  it.each([
    ['an unknown path', 'GET', '/api/nowhere', 404],
    ['a path without the prefix', 'GET', '/things/1', 404],
    ['a method that the function does not list', 'DELETE', '/api/things/1', 404],
    ['OPTIONS that the function does not list', 'OPTIONS', '/api/things/1', 404],
    ['HEAD that it lists', 'HEAD', '/api/things/1', 201],
    ['the more specific of two routes', 'GET', '/api/things/first', 200],
    ['a constraint that does not hold', 'GET', '/api/typed/one', 404],
    ['an optional parameter left out', 'GET', '/api/typed/1', 201],
    ['a handler that returns nothing', 'GET', '/api/nothing', 204],
    ['a handler that throws', 'GET', '/api/broken', 500],
    ['a handler whose exception a hook forgives', 'GET', '/api/forgiven', 418],
  ])('responds to %s: %s %s is %d', async (_case, method, path, status) => {
    const { url } = await app.start();
    const response = await fetch(url + path, { method });
    expect(response.status).toBe(status);
    if (status >= 400 && status !== 418) expect(await response.text()).toBe('');
  });

  it.each([
    ['/api/locked', {}, 401],
    ['/api/locked', { 'x-functions-key': 'wrong' }, 401],
    ['/api/locked', { 'x-functions-key': keys.functionKey }, 200],
    ['/api/locked', { 'x-functions-key': keys.masterKey }, 200],
    [`/api/locked?code=${keys.functionKey}`, {}, 200],
    [`/api/locked?code=`, {}, 401],
    ['/api/adminOnly', { 'x-functions-key': keys.functionKey }, 401],
    ['/api/adminOnly', { 'x-functions-key': keys.masterKey }, 200],
  ])('asks for a key: %s with %o is %d', async (path, headers, status) => {
    const { url } = await app.start();
    expect((await fetch(url + path, { headers })).status).toBe(status);
  });

  it('refuses a body over the limit, announced or not', async () => {
    const environment = { ...quietEnvironment, FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000' };
    const { url } = await app.start({ environment });
    const post = (body: string | ReadableStream) =>
      fetch(`${url}/api/things/1`, { method: 'POST', body, ...(typeof body !== 'string' && { duplex: 'half' }) });
    expect((await post('x'.repeat(1000))).status).toBe(201);
    expect((await post('x'.repeat(1001))).status).toBe(413);
    expect((await post(new Blob(['x'.repeat(1001)]).stream())).status).toBe(413);
  });

  it('loads a lazily imported module only when it is needed', async () => {
    Reflect.deleteProperty(globalThis, 'heavyModuleLoaded');
    const { url } = await app.start();
    expect(await (await fetch(`${url}/api/lazy`)).json()).toEqual({ before: false, answer: 42 });
    expect(await (await fetch(`${url}/api/lazy`)).json()).toEqual({ before: true, answer: 42 });
  });

  it("runs the hooks around a handler, and the log hook may change a handler's entries", async () => {
    const { url, seen, log } = await app.start();
    await fetch(`${url}/api/things/1`);
    expect(seen.hooks).toEqual(['appStart', 'pre echo', 'post echo set before']);
    const executing = await log.next(/^Executing 'Functions.echo'/);
    const logged = await log.next(/^echo of/);
    expect(logged).toEqual({
      level: 'information',
      category: 'Function.echo.User',
      message: 'echo of *** GET',
      functionName: 'echo',
      invocationId: executing.invocationId,
    });
    expect((await log.next(/^Executed/)).message).toMatch(
      /^Executed 'Functions.echo' \(Succeeded, Id=\S+, Duration=\d+ms\)$/,
    );
  });

  it('passes on what host.json allows: nothing of the system below a warning', async () => {
    const { url, log } = await app.start();
    await fetch(`${url}/api/broken`);
    expect((await log.next(/^Executed/)).level).toBe('error');
    expect(log.entries.filter(({ category }) => !category.startsWith('Function.'))).toEqual([]);
  });

  it('finishes what runs before it closes, then runs the appTerminate hooks', async () => {
    const host = await app.start();
    const answer = fetch(`${host.url}/api/slow?ms=300`);
    await host.log.next(/^Executing 'Functions.slow'/);
    await host.close();
    expect(await (await answer).text()).toBe('done');
    expect(host.seen.hooks.at(-1)).toBe('appTerminate');
    await expect(fetch(`${host.url}/api/things/1`)).rejects.toThrow();
  });

  it('does not wait longer than configured', async () => {
    const host = await app.start({ closeTimeoutMs: 50 });
    const answer = fetch(`${host.url}/api/slow?ms=5000`);
    const refused = expect(answer).rejects.toThrow();
    await host.log.next(/^Executing 'Functions.slow'/);
    await host.close();
    await refused;
    expect((await host.log.next(/still running/)).message).toBe('Stopped while 1 invocations were still running.');
  });
});
