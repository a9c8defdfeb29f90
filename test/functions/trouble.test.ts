import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { type CloudStandIns, startCloudStandIns } from '../support/cloudStandIns.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';
import { type RunningApp, startRunningApp } from '../support/runningApp.ts';

const planted = plantedSecrets.groupKey;
const fleet = { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' };

function startCloud(): Promise<CloudStandIns> {
  return startCloudStandIns({
    dps: {
      idScope: '0neLOCAL',
      retryAfterSeconds: 0,
      enrollmentGroups: [
        { enrollmentGroupId: 'fleet', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: planted } } },
      ],
    },
    secrets: { 'fleet-key': planted },
  });
}

/** With two probes: the vault has a key for only one of them. */
function startApp(cloud: CloudStandIns): Promise<RunningApp> {
  const shared = { idScope: '0neLOCAL', globalDeviceEndpoint: `localhost:${cloud.dps.mqttsPort}`, timeoutSeconds: 20 };
  const probes = [
    { ...shared, name: 'fleet', registrationId: 'canary', attestation: fleet },
    { ...shared, name: 'keyless', registrationId: 'canary-2', attestation: { ...fleet, secret: 'other-key' } },
  ];
  return startRunningApp({ ...cloud.settings, PROBES: JSON.stringify(probes), STATUS_PAGE_AUTH: 'anonymous' });
}

async function run(app: RunningApp, probe: string): Promise<Outcome> {
  return (await app.call(`probes/${probe}/runs`, { method: 'POST' })).json();
}

function expectNoSecretIn(app: RunningApp, { appInsights, settings }: CloudStandIns): void {
  const everything = [app.seen(), JSON.stringify(appInsights.envelopes)].join('\n');
  expect(everything).not.toContain(planted);
  expect(everything).not.toContain(settings.IDENTITY_HEADER);
  expect(everything).not.toContain('AccountKey');
  expect(everything).not.toContain('Eby8vdM02x'); // how Azurite's own key begins
  expect(everything).not.toMatch(/SharedAccessSignature|[?&]sig=/);
}

let cloud: CloudStandIns;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud?.close());

describe('an app whose configuration has errors', () => {
  let app: RunningApp;
  beforeAll(async () => {
    const probes = [
      { name: 'Fleet', idScope: '0neLOCAL', registrationId: 'canary', attestation: { ...fleet, secret: planted } },
      { name: 'other', idScope: '0neLOCAL', registrationId: 'canary' },
    ];
    app = await startRunningApp({
      ...cloud.settings,
      PROBES: JSON.stringify(probes),
      PROBE_LOCATION: 'x'.repeat(65),
      STATUS_PAGE_AUTH: 'nobody',
    });
  });
  afterAll(() => app?.close());

  const places = [
    'PROBE_LOCATION',
    'STATUS_PAGE_AUTH',
    'PROBES[0].name',
    'PROBES[0].attestation.secret',
    'PROBES[1].attestation',
  ];

  it('responds to /api/health with every error', async () => {
    const answer = await app.call('health');
    expect(answer.status).toBe(503);
    const { status, checks } = answer.json<{ status: string; checks: { name: string; detail: string }[] }>();
    expect(status).toBe('unhealthy');
    expect(checks.map(({ name }) => name)).toEqual(places.map(() => 'configuration'));
    expect(checks.map(({ detail }) => detail.slice(0, detail.indexOf(': ')))).toEqual(places);
  });

  it('shows a reader of /api/status the errors as a page', async () => {
    const answer = await app.call('status', { headers: { accept: 'text/html', 'x-functions-key': app.key } });
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    expect(answer.status).toBe(503);
    for (const place of places) expect(answer.text).toContain(place);
  });

  it.each([
    ['GET', 'status'],
    ['GET', 'probes'],
    ['GET', 'outcomes'],
    ['GET', 'metrics'],
    ['GET', 'probe?target=other'],
    ['GET', 'badges/other.svg'],
    ['POST', 'probes/other/runs'],
    ['POST', 'simulations'],
    ['GET', 'simulations/1'],
  ])('responds to programs at %s /api/%s with a problem that lists them', async (method, path) => {
    const headers = { accept: 'application/json', 'x-functions-key': app.key };
    const answer = await app.call(path, { method, headers });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const { errors } = answer.json<{ errors: { setting: string }[] }>();
    expect(errors.map(({ setting }) => setting)).toEqual(places);
  });

  it('runs no probe, and logs why in each scheduled run', async () => {
    expect(await app.runFunction('runProbes')).toBe('Succeeded');
    expect(app.log).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: expect.stringMatching(/the configuration has errors:\n.*\n/),
      }),
    );
  });

  it('repeats no values, because one of them is a key', async () => {
    for (const path of ['health', 'status', 'probes', 'metrics']) await app.call(path);
    await app.runFunction('runProbes');
    expect(app.seen()).not.toContain(planted);
    expect(app.seen()).not.toContain(planted.slice(0, 20));
  });
});

describe('an app with its cloud', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(cloud);
  });
  afterAll(() => app?.close());

  it.each([
    ['status', 200],
    ['metrics', 200],
    ['badges/fleet.svg', 200],
    ['probes', 401],
    ['probe?target=fleet', 401],
    ['outcomes', 401],
    ['health', 401],
    ['simulations/1', 401],
  ])(
    'allows anonymous requests only to what STATUS_PAGE_AUTH=anonymous opens: /api/%s responds %d',
    async (path, status) => {
      expect(await app.call(path, { headers: {} })).toMatchObject({ status });
    },
  );

  it('does not run a probe without the key', async () => {
    for (const path of ['probes/fleet/runs', 'simulations']) {
      expect(await app.call(path, { method: 'POST', headers: {} })).toMatchObject({ status: 401 });
    }
    expect(cloud.dps.requests.of('canary')).toEqual([]);
  });

  it('cannot run a probe without its vault: unknown, and /api/health reports keyVault', async () => {
    cloud.vault.setFault('unavailable', 'other-key');
    const health = await app.call('health');
    const outcome = await run(app, 'keyless');

    expect(health.status).toBe(503);
    expect(health.json()).toMatchObject({
      checks: [
        { name: 'configuration', ok: true },
        { name: 'keyVault', ok: false, detail: expect.stringContaining('responded with status 503') },
        { name: 'storage', ok: true },
        { name: 'queue', ok: true },
      ],
    });
    expect(outcome).toMatchObject({ verdict: 'unknown', result: { kind: 'notRun', cause: 'unreachable' } });
    expect(cloud.dps.requests.of('canary-2')).toEqual([]);
    expectNoSecretIn(app, cloud);
  });
});

describe('an app whose storage fails', () => {
  let ownCloud: CloudStandIns;
  let app: RunningApp;
  let requested: Outcome;
  let scheduledRun: 'Succeeded' | 'Failed';
  beforeAll(async () => {
    ownCloud = await startCloud();
    app = await startApp(ownCloud);
    await ownCloud.azurite.close();
    requested = await run(app, 'fleet');
    scheduledRun = await app.runFunction('runProbes');
  });
  afterAll(async () => {
    await app?.close();
    await ownCloud?.close();
  });

  it('continues to run probes, and the outcomes reach telemetry and the log', () => {
    expect(requested).toMatchObject({ verdict: 'healthy' });
    expect(scheduledRun).toBe('Succeeded');
    const logged = app.log.flatMap(({ message }): Outcome[] => (message.startsWith('{') ? [JSON.parse(message)] : []));
    const scheduled = logged.find(({ trigger, probe }) => trigger === 'timer' && probe === 'fleet');
    expect(scheduled).toMatchObject({ probe: 'fleet', verdict: 'healthy' });
    expect(ownCloud.appInsights.envelopes).toContainEqual(
      expect.objectContaining({
        data: expect.objectContaining({ baseData: expect.objectContaining({ id: scheduled?.runId, success: true }) }),
      }),
    );
  });

  it('logs which outcome the history did not accept, and why', () => {
    const errors = app.log.filter(({ level }) => level === 'error').map(({ message }) => message);
    expect(errors).toContainEqual(
      expect.stringMatching(
        /^Probe fleet, run [\w-]+: history did not accept the outcome: .*127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/,
      ),
    );
    expect(errors).toContainEqual(expect.stringMatching(/^The heartbeat was not written: .*ECONNREFUSED/));
  });

  it('reports it on its page, as HTML and as JSON', async () => {
    const { text } = await app.call('status', { headers: { accept: 'text/html' } });
    expect(text).toMatch(/history storage at 127\.0\.0\.1:\d+ cannot be reached/);
    const report = await app.call('status', { headers: { accept: 'application/json' } });
    expect(report.json()).toMatchObject({ storageFault: expect.stringContaining('cannot be reached') });
  });

  it('names storage in /api/health', async () => {
    const answer = await app.call('health');
    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({
      checks: expect.arrayContaining([
        { name: 'storage', ok: false, detail: expect.stringContaining('check OutcomesStorage') },
      ]),
    });
  });

  it.each([
    ['GET', 'outcomes', undefined],
    ['GET', 'metrics', undefined],
    ['POST', 'simulations', '{"probe":"fleet","devices":1}'],
    ['GET', 'simulations', undefined],
    ['GET', 'simulations/0123456789abcdef01234567', undefined],
  ])('responds to %s /api/%s with 503, not with empty data', async (method, path, body) => {
    const answer = await app.call(path, {
      method,
      headers: { 'x-functions-key': app.key },
      ...(body !== undefined && { body }),
    });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.text).toMatch(/cannot be reached \(ECONNREFUSED\)|did not (answer|respond) in time/);
  });

  it('lists its probes without outcomes, with the reason', async () => {
    expect((await app.call('probes')).json()).toMatchObject({
      probes: [
        { name: 'fleet', lastOutcome: null },
        { name: 'keyless', lastOutcome: null },
      ],
      storageFault: expect.stringContaining('cannot be reached'),
    });
  });

  it('does not touch the history', async () => {
    expect(await app.runFunction('maintainHistory')).toBe('Succeeded');
    expect(app.log).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringContaining('the next hour tries again') }),
    );
  });

  it('shows no key and no connection string after any error', async () => {
    for (const path of ['status', 'outcomes', 'metrics', 'health', 'probes', 'simulations']) await app.call(path);
    expectNoSecretIn(app, ownCloud);
  });
});
