import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulationView } from '../../src/simulations/simulationView.ts';
import { type CloudStandIns, startCloudStandIns } from '../support/cloudStandIns.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';
import { type RunningApp, startRunningApp } from '../support/runningApp.ts';

let cloud: CloudStandIns;
let app: RunningApp;

beforeAll(async () => {
  const primaryKey = plantedSecrets.groupKey;
  cloud = await startCloudStandIns({
    dps: {
      idScope: '0neLOCAL',
      enrollmentGroups: [
        { enrollmentGroupId: 'fleet', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey } } },
      ],
    },
    secrets: { 'fleet-key': primaryKey },
  });
  const attestation = { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' };
  const shared = { idScope: '0neLOCAL', globalDeviceEndpoint: `localhost:${cloud.dps.mqttsPort}`, attestation };
  const probes = ['weu-fleet', 'neu-fleet'].map((name) => ({ ...shared, name, registrationId: `${name}-1` }));
  app = await startRunningApp({ ...cloud.settings, PROBES: JSON.stringify(probes) });
});
afterAll(async () => {
  await app?.close();
  await cloud?.close();
});

interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly { readonly parameter?: string; readonly pointer?: string; readonly detail: string }[];
}

async function problemOf(path: string, init: RequestInit = {}): Promise<Problem> {
  const response = await app.call(path, { ...init, headers: { 'x-functions-key': app.key, ...init.headers } });
  expect.soft(response.headers.get('content-type'), path).toBe('application/problem+json');
  const problem = response.json<Problem>();
  expect(problem.status, path).toBe(response.status);
  return problem;
}

async function simulationIds(): Promise<readonly string[]> {
  const { simulations } = (await app.call('simulations')).json<{ simulations: { id: string }[] }>();
  return simulations.map(({ id }) => id);
}

/** The requests of the two probes' devices so far. */
function requestsOfProbes() {
  return ['weu-fleet-1', 'neu-fleet-1'].flatMap((registrationId) => cloud.dps.requests.of(registrationId));
}

const id = '0123456789abcdef01234567';
const readable = [
  'probes',
  'probe?target=weu-fleet',
  'outcomes',
  'status',
  'metrics',
  'badges/weu-fleet.svg',
  'health',
  'simulations',
];
const routes: readonly (readonly [string, string])[] = [
  ...readable.map((path) => ['GET', path] as const),
  ['POST', 'probes/weu-fleet/runs'],
  ['POST', 'simulations'],
  ['GET', `simulations/${id}`],
  ['GET', `simulations/${id}/outcomes`],
  ['DELETE', `simulations/${id}`],
];

describe('every route', () => {
  it.each(routes)('%s %s refuses an unknown query parameter without a run', async (method, path) => {
    const separator = path.includes('?') ? '&' : '?';
    const before = await simulationIds();
    const problem = await problemOf(`${path}${separator}gatez=true`, { method });
    expect(problem).toMatchObject({ status: 400, errors: [{ parameter: 'gatez' }] });
    expect(requestsOfProbes()).toEqual([]);
    expect(await simulationIds()).toEqual(before);
  });

  it.each(readable)('HEAD %s has the status and headers of GET, no body, and does not run a probe', async (path) => {
    const head = await app.call(path, { method: 'HEAD' });
    expect(head.text).toBe('');
    expect(requestsOfProbes()).toEqual([]);
    expect(head.status).toBe(200);
    if (path.startsWith('probe?')) return;
    const get = await app.call(path);
    expect(head.status).toBe(get.status);
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
  });

  it.each([
    ['HEAD', 'probe', 400],
    ['HEAD', 'probe?target=none', 404],
    ['HEAD', `simulations/${id}`, 404],
    ['HEAD', 'outcomes?limit=x', 400],
    ['HEAD', 'simulations/x/outcomes', 404],
  ])('%s %s is as wrong as GET is', async (method, path, status) => {
    expect(await app.call(path, { method })).toMatchObject({ status, text: '' });
  });

  it.each([
    ['DELETE', 'probes', 'GET, HEAD'],
    ['PUT', 'outcomes', 'GET, HEAD'],
    ['GET', 'probes/weu-fleet/runs', 'POST'],
    ['HEAD', 'probes/weu-fleet/runs', 'POST'],
    ['PATCH', 'simulations', 'POST, GET, HEAD'],
    ['POST', `simulations/${id}`, 'GET, HEAD, DELETE'],
    ['POST', 'badges/weu-fleet.svg', 'GET, HEAD'],
  ])('%s %s is 405 with the allowed methods', async (method, path, allow) => {
    const response = await app.call(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')?.split(', ').sort()).toEqual(allow.split(', ').sort());
    if (method !== 'HEAD') expect(response.json<Problem>().detail).toContain(method);
  });

  it.each(['', 'nothing', 'probes/', 'probes/weu-fleet', 'simulations/x/y', 'badges/weu-fleet'])(
    '/api/%s is a known route, or a 404 that names those that are',
    async (path) => {
      if (path === 'probes/') {
        expect((await app.call(path)).status).toBe(200);
        return;
      }
      const problem = await problemOf(path);
      expect(problem).toMatchObject({ status: 404, title: 'No such route' });
      expect(problem.detail).toContain('/api/probes/{name}/runs');
    },
  );

  it.each(routes.filter(([method]) => method !== 'GET'))(
    '%s %s refuses a page of another site, before it looks at anything else',
    async (method, path) => {
      const before = await simulationIds();
      for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'same-site' }]) {
        const body = method === 'POST' ? '{"probe":"weu-fleet","devices":1}' : null;
        const problem = await problemOf(`${path}?gatez=true`, { method, headers, body });
        expect(problem).toMatchObject({ status: 403, title: 'Request from another site' });
      }
      expect(requestsOfProbes()).toEqual([]);
      expect(await simulationIds()).toEqual(before);
    },
  );

  it('asks for the key before it reveals whether a route exists', async () => {
    expect((await app.call('nothing', { headers: {} })).status).toBe(401);
  });
});

describe('a probe that is not configured', () => {
  it.each([
    ['POST', 'probes/weu-flet/runs', undefined, undefined],
    ['GET', 'probe?target=weu-flet', undefined, { parameter: 'target' }],
    ['GET', 'outcomes?probe=neu-fleet,weu-flet', undefined, { parameter: 'probe' }],
    ['GET', 'status?probe=weu-flet', undefined, { parameter: 'probe' }],
    ['GET', 'status?probe=weu-flet&run=01a219ba', undefined, { parameter: 'probe' }],
    ['POST', 'simulations', '{"probe":"weu-flet","devices":1}', { pointer: '#/probe' }],
  ])('is the same 404 for %s %s, with the names that are', async (method, path, body, where) => {
    const problem = await problemOf(path, { method, headers: { accept: 'application/json' }, ...(body && { body }) });
    expect(problem).toMatchObject({
      status: 404,
      title: 'No such probe',
      detail: 'No probe is called "weu-flet"; configured are weu-fleet, neu-fleet (did you mean "weu-fleet"?).',
    });
    if (where) expect(problem.errors).toEqual([{ ...where, detail: expect.stringContaining('got "weu-flet"') }]);
  });
});

describe('the ID of a simulation', () => {
  it.each(['0', 'none', 'ABCDEF0123456789ABCDEF01', `${id}0`, '%2f', '%23', '%3f', "a'b", '%00', '%f0%9f%94%a5'])(
    '%s is not one, which is a 404 in words on every route',
    async (text) => {
      for (const [method, path] of [
        ['GET', ''],
        ['GET', '/outcomes'],
        ['DELETE', ''],
      ] as const) {
        const problem = await problemOf(`simulations/${text}${path}`, { method });
        expect(problem.status).toBe(404);
        expect(problem.title).toBe('No such simulation');
      }
    },
  );

  it('that is well-formed and unknown is a 404', async () => {
    expect(await problemOf(`simulations/${id}`)).toMatchObject({
      status: 404,
      detail: 'It does not exist, or its retention period has passed.',
    });
  });
});

describe('POST /api/simulations', () => {
  it.each([
    ['{', [{ pointer: '#', detail: expect.stringMatching(/^not valid JSON/) }]],
    ['', [{ pointer: '#', detail: 'expected a JSON object, got nothing' }]],
    ['7', [{ pointer: '#', detail: 'expected an object, got a number' }]],
    ['[]', [{ pointer: '#', detail: 'expected an object, got an array' }]],
    ['{"probe":"weu-fleet"}', [{ pointer: '#/devices', detail: 'required, but missing' }]],
    [
      '{"probe":"weu-fleet","devices":2,"globalDeviceEndpoint":"evil.example"}',
      [{ pointer: '#/globalDeviceEndpoint', detail: expect.stringMatching(/^unknown field/) }],
    ],
    ['{"probe":"weu-fleet","device":2}', [{ pointer: '#/device', detail: 'unknown field, did you mean devices?' }]],
    [
      '{"probe":"weu-fleet","devices":1,"payload":{"serial":9007199254740993}}',
      [{ pointer: '#/payload/serial', detail: expect.stringMatching(/^expected a number .* as a string$/) }],
    ],
    [
      '{"probe":"weu-fleet","devices":1,"registrationIdPrefix":"a\\u202eb"}',
      [{ pointer: '#/registrationIdPrefix', detail: expect.stringMatching(/, got "a\ufffdb"$/) }],
    ],
    [
      '{"probe":"weu-fleet","devices":1,"expect":{"connectionProfile":"classic"}}',
      [
        {
          pointer: '#/expect',
          detail: expect.stringMatching(/^it does not fit apiVersion of the configured probe: expected 2026-11-02/),
        },
      ],
    ],
    ['{"probe":"weu-fleet","devices":0}', [{ pointer: '#/devices', detail: 'expected at least 1, got 0' }]],
    [
      '{"probe":"weu-fleet","devices":1,"expect":{"withinSecond":3}}',
      [{ pointer: '#/expect/withinSecond', detail: 'unknown field, did you mean withinSeconds?' }],
    ],
    ['{"probe":"weu-fleet","devices":1,"devices":100000}', [{ pointer: '#/devices', detail: expect.any(String) }]],
    [
      `{"probe":"weu-fleet","devices":1,"payload":${'['.repeat(7000)}${']'.repeat(7000)}}`,
      [{ pointer: '#/payload', detail: expect.stringContaining('nesting') }],
    ],
    [
      `{"probe":"weu-fleet","devices":1,"payload":[${Array(1500).fill('1e20').join()}]}`,
      [{ pointer: '#/payload', detail: expect.stringContaining('16384 bytes') }],
    ],
  ])('refuses %.70j with the field, and does not start a simulation', async (body, errors) => {
    const before = await simulationIds();
    expect(await problemOf('simulations', { method: 'POST', body })).toMatchObject({ status: 400, errors });
    expect(await simulationIds()).toEqual(before);
  });

  it.each(['POST simulations', 'POST probes/weu-fleet/runs'])('%s refuses a body that is not UTF-8', async (route) => {
    const body = Buffer.from('{"probe":"weu-fleet","devices":1,"payload":"\xff"}', 'latin1');
    const [method = '', path = ''] = route.split(' ');
    expect(await problemOf(path, { method, body })).toMatchObject({
      status: 400,
      title: 'The request is not valid',
      detail: '#: expected UTF-8, got bytes that are not',
      errors: [{ pointer: '#' }],
    });
    expect(requestsOfProbes()).toEqual([]);
  });

  it('responds 202 with the address of the progress and the time of the next request; the list has the newest first, in pages', async () => {
    const body = JSON.stringify({ probe: 'weu-fleet', devices: 2 });
    const headers = { 'x-functions-key': app.key, 'idempotency-key': 'change-4711' };
    const started = await app.call('simulations', { method: 'POST', body, headers });
    expect(started.status).toBe(202);
    const { id, state } = started.json<SimulationView>();
    expect(started.headers.get('location')).toBe(`/api/simulations/${id}`);
    expect(started.headers.get('retry-after')).toBe('2');
    expect(state).toBe('queued');

    const other = { method: 'POST', body: '{"probe":"weu-fleet","devices":3}', headers };
    expect(await problemOf('simulations', other)).toMatchObject({ status: 422, detail: expect.stringContaining(id) });

    const ids = [id];
    for (const devices of [1, 2]) {
      const next = await app.call('simulations', {
        method: 'POST',
        body: JSON.stringify({ probe: 'neu-fleet', devices }),
      });
      ids.unshift(next.json<SimulationView>().id);
    }
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (await app.call(`simulations?limit=2&cursor=${cursor}`)).json<{
        simulations: { id: string }[];
        cursor?: string;
      }>();
      seen.push(...page.simulations.map((simulation) => simulation.id));
      cursor = page.cursor ?? '';
    } while (cursor);
    expect(seen.slice(0, 3)).toEqual(ids);
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('a cursor', () => {
  it('of another filter, or of another list, is a 400 that names it', async () => {
    const { id } = (
      await app.call('simulations', { method: 'POST', body: '{"probe":"weu-fleet","devices":4}' })
    ).json<SimulationView>();
    while ((await app.call(`simulations/${id}`)).status === 202) await new Promise((next) => setTimeout(next, 100));
    const page = async (query: string) =>
      (await app.call(`simulations/${id}/outcomes?${query}`)).json<{ cursor: string; outcomes: unknown[] }>();
    const all = await page('limit=1');
    const healthy = await page('limit=1&verdict=healthy');
    expect((await page(`limit=3&cursor=${all.cursor}`)).outcomes).toHaveLength(3);
    expect((await page(`limit=3&verdict=healthy&cursor=${healthy.cursor}`)).outcomes).toHaveLength(3);
    for (const path of [
      `simulations/${id}/outcomes?verdict=healthy&cursor=${all.cursor}`,
      `simulations/${id}/outcomes?verdict=failing&cursor=${healthy.cursor}`,
      `simulations?cursor=${all.cursor}`,
      `outcomes?cursor=${all.cursor}`,
      `simulations/${id}/outcomes?cursor=../x`,
    ]) {
      expect(await problemOf(path)).toMatchObject({ status: 400, errors: [{ parameter: 'cursor' }] });
    }
  });
});
