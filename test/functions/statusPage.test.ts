import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { deviceLeaseTable } from '../../src/probes/deviceLease.ts';
import { createLeases } from '../../src/storage/leases.ts';
import { type CloudStandIns, startCloudStandIns } from '../support/cloudStandIns.ts';
import { openBrowser } from '../support/openBrowser.ts';
import { requires } from '../support/requires.ts';
import { type RunningApp, startRunningApp } from '../support/runningApp.ts';
import { tablesAt } from '../support/useHistory.ts';

const key = createHmac('sha256', 'the page').update('canary').digest('base64');
const html = 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8';

let cloud: CloudStandIns;
let settings: Record<string, string>;
let app: RunningApp;

beforeAll(async () => {
  const attestation = { type: 'symmetricKey' as const, symmetricKey: { primaryKey: key } };
  cloud = await startCloudStandIns({
    dps: { retryAfterSeconds: 0, individualEnrollments: [{ registrationId: 'canary-001', attestation }] },
    secrets: { 'canary-key': key, 'wrong-key': createHmac('sha256', 'x').digest('base64') },
  });
  const shared = { idScope: '0neLOCAL', globalDeviceEndpoint: `localhost:${cloud.dps.mqttsPort}`, timeoutSeconds: 20 };
  const by = (secret: string) => ({ type: 'symmetricKey', secret });
  const probes = [
    { ...shared, name: 'right', registrationId: 'canary-001', attestation: by('canary-key'), tags: ['line-1'] },
    { ...shared, name: 'wrong', registrationId: 'canary-002', attestation: by('wrong-key'), tags: ['line-2'] },
  ];
  settings = { ...cloud.settings, PROBE_LOCATION: 'here', PROBES: JSON.stringify(probes) };
  app = await startRunningApp(settings);
});

afterAll(async () => {
  await app?.close();
  await cloud?.close();
});

async function runNow(probe: string): Promise<Outcome> {
  return (await app.call(`probes/${probe}/runs`, { method: 'POST' })).json<Outcome>();
}

const get = (path: string, accept = html) => app.call(path, { headers: { accept, 'x-functions-key': app.key } });

describe('GET /api/status?run=', () => {
  it('shows one run with its transcript, and its tracking ID to copy', async () => {
    const { runId, result } = await runNow('wrong');
    const page = await get(`status?run=${runId}`);
    expect(page).toMatchObject({ status: 200 });
    expect(page.text).toContain('iotdps-register');
    expect(page.text).toContain(
      `<code class="copy" title="Click to select">${'trackingId' in result && result.trackingId}`,
    );
    expect((await get(`status?run=${runId}&probe=wrong`, 'application/json')).json()).toMatchObject({ runId });
  });

  it('shows a healthy run without a transcript, which is not stored', async () => {
    const { runId } = await runNow('right');
    expect((await get(`status?probe=right&location=here&run=${runId}`)).text).toContain(
      'only runs that are not healthy have a transcript',
    );
  });

  it.each(['gone', '0192f0c0-0000-7000-8000-000000000000', "'; --", `${'x'.repeat(3000)}`])(
    'is a page with 404 for an unknown run: %.40s',
    async (run) => {
      const page = await get(`status?run=${encodeURIComponent(run)}`);
      expect(page.status).toBe(404);
      expect(page.headers.get('content-type')).toMatch(/^text\/html/);
      expect(page.text).toContain('It does not exist, or its retention period has passed.');
      expect(await get(`status?run=${encodeURIComponent(run)}`, 'application/json')).toMatchObject({ status: 404 });
    },
  );

  it('searches for a run only with the parameter run', async () => {
    const { runId } = await runNow('wrong');
    for (const where of ['probe=right', 'location=elsewhere', 'probe=nobody']) {
      expect(await get(`status?run=${runId}&${where}`)).toMatchObject({ status: 404 });
    }
  });
});

describe('GET /api/status', () => {
  it('narrows page and JSON to a tag and a location', async () => {
    const names = async (query: string) => {
      const report = (await get(`status?${query}`, 'application/json')).json<{ probes: { name: string }[] }>();
      return report.probes.map(({ name }) => name);
    };
    expect(await names('')).toEqual(['right', 'wrong']);
    expect(await names('tag=line-2')).toEqual(['wrong']);
    expect(await names('tag=line-2&location=here')).toEqual(['wrong']);
    expect(await names('location=elsewhere')).toEqual([]);
    expect((await get('status?tag=line-2')).text).not.toContain('probe=right');
    expect((await get('status?tag=line-9')).text).toContain('No probe has the tag line-9');
  });

  it.each([
    ['refresh=off', undefined],
    ['refresh=30', '30'],
    ['', '60'],
  ])('reloads itself as %s asks', async (query, seconds) => {
    expect((await get(`status?${query}`)).headers.get('refresh') ?? undefined).toBe(seconds);
  });

  it.each(['refresh=4', 'refresh=1e2', 'refresh=on', 'refresh=4000', 'runs=1'])('refuses %s', async (query) => {
    expect(await get(`status?${query}`)).toMatchObject({ status: 400 });
  });
});

describe('the form that runs a probe', () => {
  const post = (headers: Record<string, string>) =>
    fetch(`${app.url}/api/probes/right/runs?code=${app.key}`, { method: 'POST', headers, redirect: 'manual' });

  it('redirects to the page of the run, with the key of the request', async () => {
    const response = await post({ accept: html, origin: app.url, 'sec-fetch-site': 'same-origin' });
    expect(response.status).toBe(303);
    const page = new URL(response.headers.get('location') ?? '', `${app.url}/api/probes/right/runs`);
    expect(page.pathname).toBe('/api/status');
    expect(page.searchParams.get('code')).toBe(app.key);
    const shown = await fetch(page);
    expect(shown.status).toBe(200);
    expect(await shown.text()).toContain(page.searchParams.get('run'));
  });

  it('shows a page in words, with links that lead on, while another process runs the device', async () => {
    const leases = createLeases(tablesAt(cloud.azurite.connectionString)(deviceLeaseTable));
    const key = { partitionKey: '0neLOCAL', rowKey: 'canary-001' };
    const result = await leases.tryAcquire({ key, holder: 'another process', lastsMs: 30_000 });
    if (result.kind === 'busy') throw new Error('expected the device to be free');
    const response = await post({ accept: html, origin: app.url });
    await result.lease.release();
    expect(response.status).toBe(409);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    const text = await response.text();
    expect(text).toContain('Another process is running right');
    const [, href = ''] = /href="(\.\.\/\.\.\/status\?[^"]*probe=right[^"]*)"/.exec(text) ?? [];
    const link = new URL(href.replaceAll('&amp;', '&'), `${app.url}/api/probes/right/runs`);
    expect((await fetch(link)).status).toBe(200);
  });

  it.each([
    { accept: html, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { accept: html, origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ])('does not run a probe for a page of another site: %o', async (headers) => {
    const before = cloud.dps.requests.of('canary-001').length;
    expect((await post(headers)).status).toBe(403);
    expect(cloud.dps.requests.of('canary-001')).toHaveLength(before);
  });

  it('returns the outcome to programs, for any Accept header', async () => {
    for (const accept of ['*/*', 'application/json', '']) {
      const response = await post(accept === '' ? {} : { accept });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ probe: 'right' });
    }
  });

  it('works in a browser, from the overview to the new run', requires('chromium'), async () => {
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`${app.url}/api/status?code=${app.key}`);
      await page.getByRole('link', { name: 'right' }).first().click();
      await page.getByRole('button', { name: 'Run now' }).click();
      await page.getByRole('heading', { level: 1, name: /^right at .*: healthy$/ }).waitFor();
      expect(new URL(page.url()).searchParams.get('run')).toMatch(/^[0-9a-f-]{36}$/);
    } finally {
      await browser.close();
    }
  });
});

describe('an anonymous page', () => {
  it('shows no run, no form and no key, for any URL, and its app does not redirect forms', async () => {
    const { runId } = await runNow('wrong');
    const open = await startRunningApp({ ...settings, STATUS_PAGE_AUTH: 'anonymous' });
    try {
      const visit = (query: string) => open.call(`status?${query}`, { headers: { accept: html } });
      for (const query of ['', 'code=guess', 'probe=wrong&code=guess']) {
        const { status, text } = await visit(query);
        expect(status).toBe(200);
        expect(text).not.toMatch(/<form|run=|Run now/);
        expect(text).not.toContain(open.key);
      }
      for (const accept of [html, 'application/json']) {
        const headers = { accept };
        expect(await open.call(`status?run=${runId}&code=${open.key}`, { headers })).toMatchObject({ status: 404 });
      }
      const posted = await open.call(`probes/right/runs?code=${open.key}`, {
        method: 'POST',
        headers: { accept: html },
      });
      expect(posted).toMatchObject({ status: 200 });
    } finally {
      await open.close();
    }
  });
});
