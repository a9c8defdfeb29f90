import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { deviceLeaseTable } from '../../src/probes/deviceLease.ts';
import { createLeases } from '../../src/storage/leases.ts';
import { type CloudStandIns, startCloudStandIns } from '../support/cloudStandIns.ts';
import { keys as hostKeys } from '../support/hostKeys.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';
import { type RunningApp, startRunningApp } from '../support/runningApp.ts';
import { historyAt, tablesAt } from '../support/useHistory.ts';

const location = 'testlocation';
const idScope = '0neLOCAL';

function plantedKey(name: string): string {
  return createHmac('sha256', 'a key that must be seen nowhere').update(name).digest('base64');
}

const keys = {
  individual: plantedSecrets.symmetricKey,
  fleet: plantedSecrets.groupKey,
  wrong: plantedKey('wrong'),
  rotatedIn: plantedKey('rotated in'),
  rotatedOut: plantedKey('rotated out'),
};

function keyEnrollment(registrationId: string, primaryKey: string) {
  return { registrationId, attestation: { type: 'symmetricKey' as const, symmetricKey: { primaryKey } } };
}

let cloud: CloudStandIns;
let app: RunningApp;

beforeAll(async () => {
  cloud = await startCloudStandIns({
    dps: {
      idScope,
      retryAfterSeconds: 0,
      individualEnrollments: [
        keyEnrollment('canary-001', keys.individual),
        keyEnrollment('canary-rotated', keys.rotatedIn),
      ],
      enrollmentGroups: [
        {
          enrollmentGroupId: 'fleet',
          attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: keys.fleet } },
        },
      ],
      faults: { 'canary-failing': [{ kind: 'failed' }], 'canary-slow': [{ kind: 'slow', delayMs: 300, at: 'poll' }] },
    },
    secrets: {
      'individual-key': keys.individual,
      'fleet-key': keys.fleet,
      'wrong-key': keys.wrong,
      'rotated-key': keys.rotatedOut,
    },
  });
  app = await startRunningApp({
    ...cloud.settings,
    PROBE_LOCATION: location,
    PROBE_SCHEDULE: '0 */5 * * * *',
    PROBES: JSON.stringify(probes(`localhost:${cloud.dps.mqttsPort}`, cloud.hub)),
  });
});

afterAll(async () => {
  await app?.close();
  await cloud?.close();
});

function probes(globalDeviceEndpoint: string, hub: string): readonly object[] {
  const fleet = { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' };
  const own = (secret: string) => ({ type: 'symmetricKey', secret });
  return [
    {
      name: 'individual',
      registrationId: 'canary-001',
      attestation: own('individual-key'),
      verifyHub: 'connect',
      expect: { assignedHub: [hub] },
    },
    { name: 'group', registrationId: 'canary-002', attestation: fleet },
    { name: 'refused', registrationId: 'canary-003', attestation: own('wrong-key'), expect: { result: 'refused' } },
    { name: 'slow', registrationId: 'canary-slow', attestation: fleet, expect: { withinSeconds: 0.2 } },
    { name: 'failing', registrationId: 'canary-failing', attestation: fleet },
    { name: 'unknown', registrationId: 'canary-004', attestation: own('no-such-key') },
    { name: 'rotated', registrationId: 'canary-rotated', attestation: own('rotated-key') },
    // Due at midnight UTC only.
    { name: 'rarely', registrationId: 'canary-005', attestation: fleet, everyMinutes: 1440 },
  ].map((probe) => ({ idScope, globalDeviceEndpoint, timeoutSeconds: 20, ...probe }));
}

async function runNow(probe: string): Promise<Outcome> {
  const answer = await app.call(`probes/${probe}/runs`, { method: 'POST' });
  expect(answer.status).toBe(200);
  return answer.json<Outcome>();
}

describe('POST /api/probes/{name}/runs', () => {
  it('responds with the outcome of its run', async () => {
    const before = Date.now();
    const outcome = await runNow('individual');
    expect(outcome).toMatchObject({
      runId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      probe: 'individual',
      registrationId: 'canary-001',
      trigger: 'http',
      location,
      verdict: 'healthy',
      reasons: [],
      polls: 1,
      result: { kind: 'assigned', assignedHub: cloud.hub, deviceId: 'canary-001' },
      server: { address: '127.0.0.1', tlsProtocol: 'TLSv1.3' },
    });
    expect(Object.keys(outcome.phases)).toEqual(
      ['keyVault', 'dns', 'tcp', 'tls', 'mqttConnect', 'subscribe', 'register', 'assign', 'hub'], // in the order of the exchange
    );
    expect(Date.parse(outcome.startedAt)).toBeGreaterThanOrEqual(before);
    expect(cloud.dps.requests.of('canary-001').map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['connect', 'subscribe', 'register', 'poll']),
    );
  });

  it.each([
    ['individual', '', 200, 'healthy'],
    ['individual', '?gate=true', 200, 'healthy'],
    ['refused', '?gate=true', 200, 'healthy'],
    ['slow', '?gate=true', 200, 'degraded'],
    ['failing', '', 200, 'failing'],
    ['failing', '?gate=false', 200, 'failing'],
    ['failing', '?gate=true', 503, 'failing'],
    ['unknown', '', 200, 'unknown'],
    ['unknown', '?gate=true', 503, 'unknown'],
  ] as const)('responds to %s%s with %d and the verdict %s', async (probe, query, status, verdict) => {
    const answer = await app.call(`probes/${probe}/runs${query}`, { method: 'POST' });
    expect({ status: answer.status, ...answer.json<Outcome>() }).toMatchObject({ status, probe, verdict });
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  it.each([
    ['POST', 'probes/individual/runs?gate=1', 'gate'],
    ['POST', 'probes/individual/runs?gate=', 'gate'],
    ['GET', 'probe?target=individual&debug=yes', 'debug'],
  ])('%s %s is rejected as a typo, without a run', async (method, path, field) => {
    const ran = cloud.dps.requests.of('canary-001').length;
    const answer = await app.call(path, { method });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({
      errors: [{ parameter: field, detail: expect.stringMatching(/^expected true or false, got "/) }],
    });
    expect(cloud.dps.requests.of('canary-001')).toHaveLength(ran);
  });

  it('refuses a body that is not JSON, without a run', async () => {
    const ran = cloud.dps.requests.of('canary-001').length;
    const headers = { 'x-functions-key': app.key };
    const answer = await app.call('probes/individual/runs', { method: 'POST', body: '{"gate":', headers });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({
      errors: [{ pointer: '#', detail: expect.stringContaining('not valid JSON') }],
    });
    expect(cloud.dps.requests.of('canary-001')).toHaveLength(ran);
  });

  it('uses nothing from a JSON body: hosts, scopes and secrets never come from a request', async () => {
    const body = JSON.stringify({ globalDeviceEndpoint: 'evil.example', attestation: { secret: 'fleet-key' } });
    const headers = { 'x-functions-key': app.key };
    const answer = await app.call('probes/individual/runs', { method: 'POST', body, headers });
    expect(answer.json()).toMatchObject({ verdict: 'healthy', registrationId: 'canary-001' });
  });

  it('reports for a failing one what happened, in which phase, and the next step', async () => {
    const { reasons, result } = await runNow('failing');
    expect(result).toMatchObject({ kind: 'failed', phase: 'assign', errorCode: 400207 });
    expect(reasons.join('\n')).toMatch(/failed in phase assign.*Custom allocation failed.* Next: /s);
  });

  it('names the missing secret of one that could not run', async () => {
    const { reasons, result } = await runNow('unknown');
    expect(result).toMatchObject({ kind: 'notRun', phase: 'keyVault', cause: 'notFound' });
    expect(reasons.join('\n')).toContain('"no-such-key"');
  });

  it('lets callers of the same probe share one run, because a device has one connection (fault 18)', async () => {
    const before = cloud.dps.requests.of('canary-002').length;
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => runNow('group')));
    expect(new Set(outcomes.map(({ runId }) => runId)).size).toBe(1);
    const requests = cloud.dps.requests.of('canary-002').slice(before);
    expect(new Set(requests.map(({ connection }) => connection)).size).toBe(1);
  });

  it('responds 409 and Retry-After while another process runs the device, and scrapes wait and get 503 (fault 15)', async () => {
    const leases = createLeases(tablesAt(cloud.azurite.connectionString)(deviceLeaseTable));
    const key = { partitionKey: idScope, rowKey: 'canary-001' };
    const result = await leases.tryAcquire({ key, holder: 'another process', lastsMs: 30_000 });
    if (result.kind === 'busy') throw new Error('expected the device to be free');
    const now = await app.call('probes/individual/runs', { method: 'POST' });
    expect({ status: now.status, ...now.json<object>() }).toMatchObject({ status: 409, title: 'The device is busy' });
    expect(Number(now.headers.get('retry-after'))).toBeGreaterThan(20);
    const scrape = (seconds: string) =>
      app.call('probe?target=individual', {
        headers: { 'x-functions-key': app.key, 'x-prometheus-scrape-timeout-seconds': seconds },
      });
    const start = performance.now();
    const late = await scrape('2');
    expect(late.status).toBe(503);
    expect(late.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(performance.now() - start).toBeGreaterThan(1_000);
    const waiting = scrape('20');
    await result.lease.release();
    expect((await waiting).status).toBe(200);
  });

  it('responds to an unknown name with a problem that lists the known ones', async () => {
    const answer = await app.call('probes/nobody/runs', { method: 'POST' });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect({ status: answer.status, ...answer.json<object>() }).toMatchObject({
      status: 404,
      title: 'No such probe',
      detail: expect.stringMatching(/"nobody"; configured are individual, group, /),
    });
  });
});

describe('the function key', () => {
  it.each([
    ['as a header', '', { 'x-functions-key': hostKeys.functionKey }, 200],
    ['as ?code=', `?code=${hostKeys.functionKey}`, {}, 200],
    ['wrong as a header', '', { 'x-functions-key': 'the-function-kex' }, 401],
    ['wrong as ?code=', '?code=the', {}, 401],
    ['missing', '', {}, 401],
  ])('%s', async (_, query, headers, status) => {
    expect(await app.call(`probes/individual/runs${query}`, { method: 'POST', headers })).toMatchObject({ status });
  });

  it.each([
    'probes',
    'probe?target=individual',
    'outcomes',
    'status',
    'metrics',
    'badges/individual.svg',
    'health',
    'simulations/0',
    'simulations/0/outcomes',
  ])('is asked for by /api/%s too', async (path) => {
    expect(await app.call(path, { headers: {} })).toMatchObject({ status: 401, text: '' });
  });
});

describe('GET /api/probe', () => {
  it('runs its target and responds with its metrics', async () => {
    const { status, headers, text } = await app.call('probe?target=individual');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toMatch(/^probe_success 1$/m);
    expect(text).toMatch(/^probe_verdict\{verdict="healthy"\} 1$/m);
    expect(text).toMatch(/^probe_phase_duration_seconds\{phase="register"\} 0\.\d+$/m);
    expect(text.split('\n').filter((line) => !/^(#.*|[a-z_]+(\{[^}]+\})? [-\d.e+]+|)$/.test(line))).toEqual([]);
  });

  it('reports failing as 0, and no probe_success when it could not run', async () => {
    expect((await app.call('probe?target=failing')).text).toMatch(/^probe_success 0$/m);
    const { text } = await app.call('probe?target=unknown');
    expect(text).toMatch(/^probe_verdict\{verdict="unknown"\} 1$/m);
    expect(text).not.toContain('probe_success');
  });

  it('shows with debug the exchange, packet by packet', async () => {
    const { text } = await app.call('probe?target=individual&debug=true');
    const debug = text.split('\n').filter((line) => line.startsWith('# debug: '));
    expect(debug.join('\n')).toMatch(/: healthy$/m);
    expect(debug.join('\n')).toContain('$dps/registrations/PUT/iotdps-register/?$rid=');
    expect(text).toMatch(/^probe_success 1$/m);
  });

  it.each([
    ['probe?target=nobody', 404, /No such probe.*configured are individual/],
    ['probe', 400, /target/],
    ['probe?target=', 400, /target/],
  ])('responds to %s with %d', async (path, status, text) => {
    expect(await app.call(path)).toMatchObject({ status, text: expect.stringMatching(text) });
  });
});

describe('the timer', () => {
  it('runs each probe that is due, and records its outcome in the history, in telemetry and in the log', async () => {
    const logged = app.log.length;
    expect(await app.runFunction('runProbes')).toBe('Succeeded');

    const due = ['individual', 'group', 'refused', 'slow', 'failing', 'unknown', 'rotated'];
    const lines = app.log
      .slice(logged)
      .filter(({ category, message }) => category === 'Function.runProbes.User' && message.startsWith('{'));
    const outcomes = lines.map(({ message }): Outcome => JSON.parse(message));
    expect(outcomes.map(({ probe }) => probe).sort()).toEqual(due.toSorted());
    expect(outcomes).toEqual(outcomes.map(() => expect.objectContaining({ trigger: 'timer', location })));

    const history = (await app.call('outcomes?limit=50')).json<{ outcomes: Outcome[] }>().outcomes;
    for (const { runId, verdict } of outcomes) {
      expect.soft(history).toContainEqual(expect.objectContaining({ runId, verdict }));
    }
    const sent = Map.groupBy(
      cloud.appInsights.envelopes.map(({ data }) => data),
      ({ baseData }) => baseData.properties?.runId,
    );
    for (const { runId, probe, verdict } of outcomes) {
      expect.soft(sent.get(runId), probe).toMatchObject([
        verdict === 'unknown' // neither up nor down: the availability must not fall because the probe could not run
          ? { baseType: 'EventData', baseData: { name: 'ProbeUnknown', properties: { probe } } }
          : { baseType: 'AvailabilityData', baseData: { name: probe, success: verdict !== 'failing' } },
      ]);
    }
  });

  it('records that its timer ran', async () => {
    const before = Date.now();
    await app.runFunction('runProbes');
    const history = historyAt(cloud.azurite.connectionString, location);
    const fiveMinutesMs = 300_000;
    const range = { sinceMs: before - fiveMinutesMs, untilMs: Date.now() + 1000 };
    const heartbeats = await history.heartbeats('probes', range);
    expect(heartbeats.length).toBeGreaterThan(0);
    expect(heartbeats.every(({ scheduledMs, completed }) => scheduledMs % fiveMinutesMs === 0 && completed)).toBe(true);
  });

  it('reads a refused key anew, and so sees that it was rotated', async () => {
    expect(await runNow('rotated')).toMatchObject({ verdict: 'failing', result: { kind: 'rejected', status: 401 } });
    cloud.vault.setSecret('rotated-key', keys.rotatedIn);
    expect(await runNow('rotated')).toMatchObject({ verdict: 'healthy' });
  });
});

it('POST /api/simulations refuses a probe with an individual enrollment', async () => {
  const init = { method: 'POST', body: '{"probe":"individual","devices":2}', headers: { 'x-functions-key': app.key } };
  const answer = await app.call('simulations', init);
  expect(answer.status).toBe(400);
  const errors = [{ pointer: '#/probe', detail: expect.stringMatching(/"enrollment": "group"/) }];
  expect(answer.json()).toMatchObject({ errors });
});

it('shows no key in a response, in the log, in telemetry or in the history', async () => {
  for (const probe of ['individual', 'group', 'refused', 'failing', 'unknown', 'rotated']) await runNow(probe);
  await app.runFunction('runProbes');
  await app.call('probe?target=individual&debug=true');
  for (const path of ['probes', 'status', 'outcomes?limit=1000', 'metrics', 'health']) await app.call(path);
  const everything = [app.seen(), JSON.stringify(cloud.appInsights.envelopes)].join('\n');
  const deviceKey = createHmac('sha256', Buffer.from(keys.fleet, 'base64')).update('canary-002').digest('base64');
  for (const secret of [...Object.values(keys), deviceKey, cloud.settings.IDENTITY_HEADER ?? '']) {
    expect(secret.length).toBeGreaterThan(30);
    expect.soft(everything).not.toContain(secret);
    expect.soft(everything).not.toContain(encodeURIComponent(secret));
    expect.soft(everything).not.toContain(Buffer.from(secret, 'base64').toString('hex'));
  }
  expect(everything).not.toMatch(/[?&; ]sig=(?!…|\*|<)/);
  expect(everything).not.toMatch(/eyJ[\w-]+\.[\w-]+\./); // an access token
  expect(everything).not.toContain('AccountKey');
});
