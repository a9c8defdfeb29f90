import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiPath, openApiText } from '../../scripts/openApi.ts';
import type { SimulationView } from '../../src/simulations/simulationView.ts';
import { type CloudStandIns, startCloudStandIns } from '../support/cloudStandIns.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';
import { type AppResponse, type RunningApp, startRunningApp } from '../support/runningApp.ts';

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Responses }>>>>;
}
type Responses = Readonly<Record<string, { readonly content: Content; readonly headers?: object }>>;
type Content = Readonly<Record<string, { readonly schema: object }>>;

const text = readFileSync(openApiPath, 'utf8');
const document = JSON.parse(text) as Document;
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, 'openapi.json');

describe('docs/openapi.json', () => {
  it('is what npm run openapi writes', async () => {
    expect(await openApiText()).toBe(text);
  });

  it('has no problem that its linter knows', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const problems = await lintFromString({ source: text, absoluteRef: openApiPath, config });
    expect(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)).toEqual(
      [],
    );
  });
});

interface Running {
  readonly cloud: CloudStandIns;
  readonly app: RunningApp;
}

async function start(): Promise<Running> {
  const primaryKey = plantedSecrets.groupKey;
  const cloud = await startCloudStandIns({
    dps: {
      idScope: '0neLOCAL',
      enrollmentGroups: [
        { enrollmentGroupId: 'fleet', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey } } },
      ],
      faults: { 'fleet-sim-000002': 'disabled' },
    },
    secrets: { 'fleet-key': primaryKey, 'broken-key': 'not a key' },
  });
  const fleet = { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' };
  const shared = { idScope: '0neLOCAL', globalDeviceEndpoint: `localhost:${cloud.dps.mqttsPort}`, tags: ['local'] };
  const probes = [
    { ...shared, name: 'fleet', registrationId: 'fleet-1', attestation: fleet },
    { ...shared, name: 'keyless', registrationId: 'keyless-1', attestation: { ...fleet, secret: 'broken-key' } },
  ];
  return { cloud, app: await startRunningApp({ ...cloud.settings, PROBES: JSON.stringify(probes) }) };
}

/** One app with its cloud, and one without its storage and without a secret. */
let usual: Running;
let cutOff: Running;
beforeAll(async () => {
  usual = await start();
  cutOff = await start();
  await cutOff.cloud.azurite.close();
  cutOff.cloud.vault.setFault('forbidden', 'fleet-key');
});
afterAll(async () => {
  for (const running of [usual, cutOff]) {
    await running?.app.close();
    await running?.cloud.close();
  }
});

const seen = new Set<string>();

/** Calls a route, and compares the response with the document. */
async function call(
  { app }: Running,
  method: string,
  route: string,
  path: string,
  init: RequestInit = {},
): Promise<AppResponse> {
  const headers = { 'x-functions-key': app.key, accept: 'application/json', ...init.headers };
  const response = await app.call(path, { method, ...init, headers });
  const operation = document.paths[route]?.[method.toLowerCase()];
  const documented = operation?.responses[String(response.status)];
  expect(documented, `${method} ${path} ${response.status}`).toBeDefined();
  const type = response.headers.get('content-type')?.split(';')[0] ?? '';
  const types = Object.keys(documented?.content ?? {});
  expect(types.length === 0 ? [''] : types, `${method} ${path}`).toContain(type);
  for (const header of Object.keys(documented?.headers ?? {})) expect(response.headers.get(header)).not.toBeNull();
  if (/json$/.test(type)) {
    const pointer = `#/paths/${escaped(route)}/${method.toLowerCase()}/responses/${response.status}/content/${escaped(type)}/schema`;
    const validate = ajv.getSchema(`openapi.json${pointer}`);
    validate?.(response.json());
    expect(validate?.errors ?? (validate ? [] : 'no schema'), `${method} ${path}\n${response.text}`).toEqual([]);
  }
  seen.add(`${method} ${route} ${response.status}`);
  return response;
}

function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}

const unknown = '0123456789abcdef01234567';

/** Each runs once, for the test of its name and for the one that counts all responses, whichever is first. */
const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  'where it runs, lists and shows': once(async () => {
    for (const query of ['', '?gate=true']) {
      await call(usual, 'POST', '/probes/{name}/runs', `probes/fleet/runs${query}`);
      await call(usual, 'POST', '/probes/{name}/runs', `probes/keyless/runs${query}`);
    }
    const form = { headers: { accept: 'text/html' }, redirect: 'manual' } as const;
    const toRun = await call(usual, 'POST', '/probes/{name}/runs', 'probes/fleet/runs', form);
    const run = new URLSearchParams(toRun.headers.get('location')?.split('?')[1]).get('run');
    await call(usual, 'GET', '/status', `status?run=${run}`);
    await call(usual, 'GET', '/status', 'status?probe=fleet');
    await call(usual, 'GET', '/probe', 'probe?target=fleet&debug=true');
    await call(usual, 'GET', '/probes', 'probes');
    const page = await call(usual, 'GET', '/outcomes', 'outcomes?limit=1&tag=local');
    const { cursor } = page.json<{ cursor: string }>();
    await call(usual, 'GET', '/outcomes', `outcomes?limit=1&tag=local&cursor=${cursor}`);
    await call(usual, 'GET', '/metrics', 'metrics');
    await call(usual, 'GET', '/badges/{name}.svg', 'badges/fleet.svg');
    await call(usual, 'GET', '/status', 'status');
    await call(usual, 'GET', '/status', 'status', { headers: { accept: 'text/html' } });
    await call(usual, 'GET', '/health', 'health');
  }),

  'where a caller is wrong': once(async () => {
    for (const [route, operations] of Object.entries(document.paths)) {
      for (const method of Object.keys(operations)) {
        const path = route.slice(1).replace('{name}', 'fleet').replace('{id}', unknown);
        const response = await call(usual, method.toUpperCase(), route, `${path}?no-such-parameter=1`);
        expect(response.status, route).toBe(400);
      }
    }
    await call(usual, 'POST', '/probes/{name}/runs', 'probes/nobody/runs');
    await call(usual, 'GET', '/probe', 'probe?target=nobody');
    await call(usual, 'GET', '/outcomes', 'outcomes?probe=nobody');
    await call(usual, 'GET', '/status', 'status?probe=nobody');
    await call(usual, 'GET', '/status', 'status?run=none', { headers: { accept: 'text/html' } });
    for (const [method, route, path] of [
      ['POST', '/probes/{name}/runs', 'probes/fleet/runs'],
      ['POST', '/simulations', 'simulations'],
      ['DELETE', '/simulations/{id}', `simulations/${unknown}`],
    ] as const) {
      await call(usual, method, route, path, { headers: { origin: 'https://evil.example' } });
    }
    await call(usual, 'GET', '/status', 'status', { headers: { accept: 'image/png' } });
    await call(usual, 'GET', '/badges/{name}.svg', 'badges/nobody.svg');
    await call(usual, 'POST', '/simulations', 'simulations', { body: '{"probe":"nobody","devices":1}' });
    await call(usual, 'GET', '/simulations/{id}', `simulations/${unknown}`);
    await call(usual, 'GET', '/simulations/{id}/outcomes', `simulations/${unknown}/outcomes`);
    await call(usual, 'DELETE', '/simulations/{id}', `simulations/${unknown}`);
  }),

  'from the start of a simulation to its end': once(async () => {
    const start = (devices: number, key: string) =>
      call(usual, 'POST', '/simulations', 'simulations', {
        body: JSON.stringify({ probe: 'fleet', devices, ratePerSecond: 10 }),
        headers: { 'idempotency-key': key },
      });
    const { id } = (await start(3, 'one')).json<SimulationView>();
    await start(4, 'one');
    while ((await call(usual, 'GET', '/simulations/{id}', `simulations/${id}`)).status === 202) {
      await new Promise((next) => setTimeout(next, 100));
    }
    await call(usual, 'GET', '/simulations/{id}/outcomes', `simulations/${id}/outcomes?limit=2`);
    await call(usual, 'DELETE', '/simulations/{id}', `simulations/${id}`);
    const other = (await start(1000, 'two')).json<SimulationView>();
    await call(usual, 'DELETE', '/simulations/{id}', `simulations/${other.id}`);
    while ((await call(usual, 'DELETE', '/simulations/{id}', `simulations/${other.id}`)).status === 202) {
      await new Promise((next) => setTimeout(next, 100));
    }
    await call(usual, 'GET', '/simulations', 'simulations');
  }),

  'when its storage is not available': once(async () => {
    await call(cutOff, 'GET', '/outcomes', 'outcomes');
    await call(cutOff, 'GET', '/metrics', 'metrics');
    await call(cutOff, 'GET', '/health', 'health');
    await call(cutOff, 'GET', '/simulations', 'simulations');
    await call(cutOff, 'POST', '/simulations', 'simulations', { body: '{"probe":"fleet","devices":1}' });
    await call(cutOff, 'GET', '/simulations/{id}', `simulations/${unknown}`);
    await call(cutOff, 'GET', '/simulations/{id}/outcomes', `simulations/${unknown}/outcomes`);
    await call(cutOff, 'DELETE', '/simulations/{id}', `simulations/${unknown}`);
  }),
};

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= run();
    return running;
  };
}

describe('the running app', { timeout: 120_000 }, () => {
  it.each(Object.entries(scenarios))('responds as documented %s', (_, scenario) => scenario());

  it('has every documented response that a test can cause', async () => {
    for (const scenario of Object.values(scenarios)) await scenario();
    // A second process at the device; a configuration that is not valid (test/functions/trouble.test.ts has both kinds).
    const elsewhere = [
      'POST /probes/{name}/runs 409',
      'GET /probe 503',
      'GET /probes 503',
      'GET /status 503',
      'GET /badges/{name}.svg 503',
    ];
    const documented = Object.entries(document.paths).flatMap(([route, operations]) =>
      Object.entries(operations).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((status) => `${method.toUpperCase()} ${route} ${status}`),
      ),
    );
    expect(documented.filter((one) => !seen.has(one)).sort()).toEqual(elsewhere.sort());
  });
});
