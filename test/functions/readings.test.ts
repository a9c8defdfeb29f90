import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { type CloudStandIns, startCloudStandIns } from '../support/cloudStandIns.ts';
import { type RunningApp, startRunningApp } from '../support/runningApp.ts';
import { seedOutcomes } from '../support/seedOutcomes.ts';
import { tablesAt } from '../support/useHistory.ts';

const location = 'testlocation';
const minuteMs = 60_000;
const dayMs = 86_400_000;
const now = Date.now();

function outcomeAgo(ms: number, probe: string, over: Partial<Outcome> = {}): Outcome {
  return buildOutcome({
    runId: randomUUID(),
    probe,
    location,
    startedAt: new Date(now - ms).toISOString(),
    ...over,
  });
}

const failing = {
  verdict: 'failing',
  reasons: ['DPS answered 401 in phase register. Next: compare the keys.'],
  result: { kind: 'rejected', phase: 'register', status: 401, errorCode: 401002, trackingId: 'tracked' },
} as const;

/** Newest first, as in the history. */
const busy = Array.from({ length: 25 }, (_, index) => outcomeAgo(index * minuteMs, 'busy', index % 5 ? {} : failing));
const quiet = Array.from({ length: 5 }, (_, index) => outcomeAgo((index * 7 + 0.5) * minuteMs, 'quiet'));
const all = [...busy, ...quiet].toSorted((one, other) => Date.parse(other.startedAt) - Date.parse(one.startedAt));
const runIds = (outcomes: readonly Outcome[]) => outcomes.map(({ runId }) => runId);

const foreignId = 'f'.repeat(24);
const foreignRows = [
  ['outcomes', 'busy@testlocation', 'all-8000000000000-x', {}],
  ['outcomes', 'never@testlocation', 'all-8000000000000-x', { runId: 'x', outcome0: '{"result":{}}' }],
  ['simulations', 'simulation', foreignId, { json: '{"state":"paused"}' }],
  ['simulations', 'recent', `8000000000000-${foreignId}`, { id: foreignId }],
  ['simulations', 'recent', '8000000000000-x', { id: '/\\#?' }],
] as const;

let cloud: CloudStandIns;
let app: RunningApp;

beforeAll(async () => {
  cloud = await startCloudStandIns({ dps: {}, secrets: { 'busy-key': 'a2V5', 'fleet-key': 'a2V5' } });
  const shared = { idScope: '0neLOCAL', globalDeviceEndpoint: `localhost:${cloud.dps.mqttsPort}` };
  const fleet = { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' };
  const probes = [
    { ...shared, name: 'busy', registrationId: 'b', attestation: { type: 'symmetricKey', secret: 'busy-key' } },
    { ...shared, name: 'quiet', registrationId: 'q', attestation: fleet },
    { ...shared, name: 'never', registrationId: 'n', attestation: fleet },
  ];
  await seedOutcomes(cloud.azurite.connectionString, busy);
  await seedOutcomes(cloud.azurite.connectionString, quiet);
  for (const [name, partitionKey, rowKey, columns] of foreignRows) {
    await tablesAt(cloud.azurite.connectionString)(name).put([{ partitionKey, rowKey, ...columns }]);
  }
  app = await startRunningApp({ ...cloud.settings, PROBE_LOCATION: location, PROBES: JSON.stringify(probes) });
});

afterAll(async () => {
  await app?.close();
  await cloud?.close();
});

describe('a row of another program or another version', () => {
  const row = 'row all-8000000000000-x of partition busy@testlocation of the table outcomes';

  it('hides no other row, and the page, the metrics and the health check name it', async () => {
    expect((await app.call('outcomes?probe=busy&limit=1')).json()).toMatchObject({ outcomes: [busy[0]] });
    const report = (
      await app.call('status', { headers: { 'x-functions-key': app.key, accept: 'application/json' } })
    ).json<{
      probes: readonly { name: string; last?: Outcome }[];
      unreadableRows: readonly string[];
      storageFault?: string;
    }>();
    expect(report.storageFault).toBeUndefined();
    expect(report.probes.map(({ name, last }) => [name, last?.runId])).toEqual([
      ['busy', busy[0]?.runId],
      ['quiet', quiet[0]?.runId],
      ['never', undefined],
    ]);
    expect(report.unreadableRows).toContain(row);
    const page = (await app.call('status')).text;
    expect(page).toContain(`This app cannot read some rows of the history and leaves them out`);
    expect(page).toContain(row);
    expect((await app.call('metrics')).text).toMatch(/^dps_canary_unreadable_rows [1-9]/m);
    expect((await app.call('badges/busy.svg')).status).toBe(200);
    expect((await app.call('health')).json()).toMatchObject({
      checks: expect.arrayContaining([{ name: 'storage', ok: true, detail: expect.stringContaining(row) }]),
    });
  });

  it('of the simulations hides no other one either; asked for, it is an error that names it', async () => {
    expect(await app.call('simulations')).toMatchObject({ status: 200 });
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/outcomes'],
      ['DELETE', ''],
    ] as const) {
      const response = await app.call(`simulations/${foreignId}${path}`, {
        method,
        headers: { 'x-functions-key': app.key },
      });
      expect(response.status).toBe(503);
      expect(response.json<{ detail: string }>().detail).toBe(
        `row ${foreignId} of partition simulation of the table simulations cannot be read: another program or another version of this app wrote it. Delete it, or deploy that version again`,
      );
    }
    expect(app.log.map(({ message }) => message)).toContainEqual(
      expect.stringContaining(`Simulations: row ${foreignId} of`),
    );
    expect(app.log.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('row 8000000000000-x of partition recent of the table simulations is left out'),
    );
  });
});

it('GET /api/probes shows each probe with the names of its secrets and its last outcome', async () => {
  const answer = await app.call('probes');
  expect(answer.status).toBe(200);
  expect(answer.json()).toEqual({
    probes: [
      expect.objectContaining({
        name: 'busy',
        attestation: expect.objectContaining({ type: 'symmetricKey', secret: 'busy-key' }),
        transport: 'mqtt',
        timeoutSeconds: 60,
        lastOutcome: expect.objectContaining({ runId: busy[0]?.runId }),
      }),
      expect.objectContaining({ name: 'quiet', lastOutcome: expect.objectContaining({ runId: quiet[0]?.runId }) }),
      expect.objectContaining({ name: 'never', lastOutcome: null }),
    ],
  });
});

describe('GET /api/outcomes', () => {
  async function list(query: string): Promise<{ outcomes: Outcome[]; cursor?: string }> {
    const answer = await app.call(`outcomes?${query}`);
    expect(answer).toMatchObject({ status: 200 });
    return answer.json();
  }

  it('leads through the whole history, newest first, page by page', async () => {
    const pages: string[][] = [];
    let cursor: string | undefined = '';
    while (cursor !== undefined) {
      const page = await list(`since=${new Date(now - dayMs).toISOString()}&limit=12&cursor=${cursor}`);
      pages.push(runIds(page.outcomes));
      cursor = page.cursor;
    }
    expect(pages.map((page) => page.length)).toEqual([12, 12, 6]);
    expect(pages.flat()).toEqual(runIds(all));
  });

  it('returns each outcome completely', async () => {
    const { outcomes } = await list('probe=busy&limit=1');
    expect(outcomes).toEqual([busy[0]]);
  });

  it.each([
    ['a probe', 'probe=quiet', () => quiet],
    ['a verdict', 'probe=busy&verdict=failing', () => busy.filter(({ verdict }) => verdict === 'failing')],
    ['a verdict without outcomes', 'probe=busy&verdict=unknown', () => []],
    ['a probe that has not run', 'probe=never', () => []],
    ['several probes', 'probe=busy,quiet&limit=3', () => all.slice(0, 3)],
    ['a beginning, inclusive', `probe=busy&since=${busy[3]?.startedAt}`, () => busy.slice(0, 4)],
    ['an end, exclusive', `probe=busy&until=${busy[20]?.startedAt}`, () => busy.slice(21)],
    ['both', `probe=busy&since=${busy[6]?.startedAt}&until=${busy[2]?.startedAt}`, () => busy.slice(3, 7)],
    ['nothing in fields that are empty', 'probe=busy&verdict=&limit=', () => busy],
  ])('filters by %s', async (_, query, expected) => {
    expect(runIds((await list(query)).outcomes)).toEqual(runIds(expected()));
  });

  it.each([
    ['since=yesterday', 'since', /such as 2026-/],
    ['until=2026-13-01', 'until', /such as 2026-/],
    ['since=2026-11-25&until=2026-11-24', 'since', /not after until/],
    ['verdict=down', 'verdict', /one of healthy, degraded, failing, unknown/],
    ['limit=0', 'limit', /from 1 to 1000/],
    ['limit=1001', 'limit', /from 1 to 1000/],
    ['limit=ten', 'limit', /from 1 to 1000/],
    ['cursor=abc', 'cursor', /cursor of the previous page/],
    ['limit=1e2', 'limit', /from 1 to 1000, got "1e2"/],
    ['limit=0x10', 'limit', /from 1 to 1000/],
    ['limit=%2B5', 'limit', /from 1 to 1000/],
    ['limit=5&limit=6', 'limit', /from 1 to 1000, got "5,6"/],
    ['probes=busy', 'probes', /unknown parameter: .*did you mean "probe"/],
  ])('responds to %s with 400 and the field', async (query, parameter, detail) => {
    const answer = await app.call(`outcomes?${query}`);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect({ ...answer.json<object>(), answered: answer.status }).toMatchObject({
      answered: 400,
      status: 400,
      errors: [{ parameter, detail: expect.stringMatching(detail) }],
    });
  });

  it('names all errors of a query at once', async () => {
    const { errors } = (await app.call('outcomes?limit=0&verdict=down&since=x')).json<{
      errors: { parameter: string }[];
    }>();
    expect(errors.map(({ parameter }) => parameter).sort()).toEqual(['limit', 'since', 'verdict']);
  });

  it('knows no probe of another name', async () => {
    expect(await app.call('outcomes?probe=nobody')).toMatchObject({
      status: 404,
      text: expect.stringContaining('configured are busy, quiet, never'),
    });
  });
});

it('GET /api/metrics has the last outcome of each probe that ran', async () => {
  const { status, headers, text } = await app.call('metrics');
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(text).toMatch(/^dps_canary_build_info\{version="[\d.]+",location="testlocation"\} 1$/m);
  expect(text).toMatch(/^probe_success\{probe="busy",location="testlocation"\} 0$/m);
  expect(text).toMatch(/^probe_success\{probe="quiet",location="testlocation"\} 1$/m);
  expect(text).not.toContain('never');
});

describe('GET /api/badges/{name}.svg', () => {
  it.each([
    ['busy', 200, 'failing'],
    ['quiet', 200, 'healthy'],
    ['nobody', 404, 'no such probe'],
  ])('draws %s with %d: %s', async (name, status, words) => {
    const answer = await app.call(`badges/${name}.svg`);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('image/svg+xml; charset=utf-8');
    expect(answer.text).toMatch(new RegExp(`^<svg[^>]*aria-label="${name}: ${words}`));
  });
});

describe('GET /api/status', () => {
  const accept = (type: string) => ({ headers: { accept: type, 'x-functions-key': app.key } });

  it.each(['text/html,application/xhtml+xml,*/*;q=0.8', '*/*'])('is a page for a reader of %s', async (type) => {
    const answer = await app.call('status', accept(type));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    expect(answer.text).toMatch(/<h1[\s>]/);
    for (const name of ['busy', 'quiet', 'never']) expect(answer.text).toContain(name);
  });

  it('is the report for a reader of JSON', async () => {
    const answer = await app.call('status', accept('application/json'));
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.json()).toMatchObject({
      location,
      probes: [
        { name: 'busy', last: { runId: busy[0]?.runId }, windows: { '24h': { failing: 5, healthy: 20 } } },
        { name: 'quiet', last: { verdict: 'healthy' } },
        { name: 'never' },
      ],
    });
  });

  it('covers one probe if the query names it', async () => {
    const answer = await app.call('status?probe=quiet', accept('application/json'));
    expect(answer.json()).toMatchObject({ name: 'quiet', registrationId: 'q' });
    expect(await app.call('status?probe=nobody', accept('application/json'))).toMatchObject({ status: 404 });
  });

  it('is not available to a client that accepts only images', async () => {
    const answer = await app.call('status', accept('image/png'));
    expect(answer.status).toBe(406);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('GET /api/health', () => {
  it('reports that configuration, vault, storage and queue are healthy', async () => {
    const answer = await app.call('health');
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      status: 'healthy',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      checks: [
        { name: 'configuration', ok: true, detail: '3 probes' },
        { name: 'keyVault', ok: true, detail: '2 secrets can be read' },
        { name: 'storage', ok: true, detail: expect.stringMatching(/^the history can be read/) },
        { name: 'queue', ok: true, detail: 'the queue of simulations can be used' },
      ],
    });
  });

  it('asks the vault each time, and reports why it does not return a secret', async () => {
    cloud.vault.setFault('forbidden', 'busy-key');
    const answer = await app.call('health');
    cloud.vault.setFault(undefined, 'busy-key');
    expect((await app.call('health')).status).toBe(200);
    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({
      status: 'unhealthy',
      checks: [
        { name: 'configuration', ok: true },
        { name: 'keyVault', ok: false, detail: expect.stringMatching(/"busy-key".*no role allows it/) },
        { name: 'storage', ok: true },
        { name: 'queue', ok: true },
      ],
    });
  });
});

it('maintainHistory deletes only expired rows', async () => {
  const expired = outcomeAgo(100 * dayMs, 'quiet');
  await seedOutcomes(cloud.azurite.connectionString, [expired]);
  const list = async () => runIds((await app.call('outcomes?probe=quiet')).json<{ outcomes: Outcome[] }>().outcomes);
  expect(await list()).toEqual(runIds([...quiet, expired]));
  expect(await app.runFunction('maintainHistory')).toBe('Succeeded');
  expect(await list()).toEqual(runIds(quiet));
  expect(app.log.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^History: \d+ hours added up, \d+ rows deleted\.$/),
  );
});
