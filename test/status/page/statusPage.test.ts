import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findAccessibilityIssues } from '../../support/findAccessibilityIssues.ts';
import { hostileText } from '../../support/hostileReport.ts';
import { openBrowser } from '../../support/openBrowser.ts';
import { requires } from '../../support/requires.ts';
import { renderSample, samplePaths } from '../../support/samplePages.ts';
import { type PageServer, servePages } from '../../support/servePages.ts';

const desktop = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };

/** What has to be read on the pages of `samplePaths`. */
const texts: Readonly<Record<string, readonly string[]>> = {
  'all healthy': ['Devices can provision', 'All 3 probes are healthy.', 'Refreshes every minute · Pause'],
  'one failing': [
    'weu-device-key cannot provision: failing since 14:05 UTC (25 min)',
    'It stops at Register.',
    '6 runs in a row',
    'Next step: Compare the key',
    '3 others are healthy.',
  ],
  'several failing': [
    '2 of 6 probes cannot provision, the first since 13:50 UTC (40 min)',
    'weu-x509-8883 stops at TCP',
    '8883 blocked, 443 fine',
    '2 others are healthy, 1 is degraded, 1 is unknown.',
  ],
  degraded: ['weu-slow has been degraded since 14:15 UTC', 'flapping', 'expires in 9 days', 'withinSeconds: 20.0 s'],
  unknown: ['weu-fleet-ca could not be checked since 14:20 UTC', 'Key Vault Secrets User'],
  missed: [
    'weu-missed has not run since 13:55 UTC (35 min)',
    '7 missed',
    'The timer did not fire: this app was not running.',
  ],
  'timers silent': [
    'No scheduled run has started at westeurope since 13:55 UTC (35 min), although one was due at 14:00 UTC.',
    'The maintenance of the history has not run since 09:30 UTC',
  ],
  'no scheduled run': [
    'No scheduled run has started, so there is no data',
    'No scheduled run has started at westeurope, although one was due at 14:25 UTC.',
  ],
  'run unfinished': ['Devices can provision', 'A scheduled run at westeurope started and did not end'],
  'webhook delivered': ['WEBHOOK_URL_SECRET (secret chat-address): last delivery 14:20 UTC (10 min ago)', 'Delivered.'],
  'webhook failing': [
    'Changes of state do not reach the webhook.',
    'Not delivered to WEBHOOK_URL_SECRET (secret chat-address): 2 changes, the newest 14:30 UTC',
    'The webhook of secret chat-address responded 404, after 1 attempt.',
    'Next step: Check that the webhook still exists',
    'Last delivery 11:10 UTC',
  ],
  intruder: [
    'intruder was accepted but should be refused, since 14:25 UTC (5 min)',
    'Treat this as a security incident. 1 other is healthy, 1 is failing.',
    'Accepted, security incident',
  ],
  'first minute': ['Devices can provision', '–'],
  'fifty probes': ['factory-18-symmetric-key cannot provision', 'line-3', 'Probes 50', 'Needs attention 2'],
  'outage of fifty': ['All 50 probes cannot provision', 'Needs attention 50', 'The table above lists 38 more'],
  'two locations': ['northeurope', 'Locations'],
  'filtered by tag': ['Devices can provision', 'All 17 probes are healthy.', 'Probes 17'],
  'filtered by nothing that exists': ['No probe has the tag gone'],
  'no data yet': ['No data yet', 'The first run of each probe is due at 14:35 UTC.'],
  'no probes': ['No probe is configured', 'PROBES'],
  'storage unreachable': ['The history cannot be read', 'ENOTFOUND', 'OutcomesStorage'],
  'configuration invalid': ['The configuration has 2 errors', 'PROBES[2].name', 'Fix the settings listed below.'],
  'detail of a failing probe': [
    'weu-device-key cannot provision',
    'stopped here',
    'trackingId 8f2c41d0',
    'Tracking ID',
    'Expires in 129 days',
    'Availability = (healthy + degraded) ÷ (healthy + degraded + failing)',
  ],
  'detail of a healthy probe': [
    'weu-group-key can provision',
    'hub-a.azure-devices.net',
    'hub-b.azure-devices.net',
    'Percentiles of the last 24 hours (n = 288)',
    'Waiting (retry-after)',
  ],
  'detail of an unknown probe': ['weu-fleet-ca could not be checked', 'Unknown'],
  'detail of a slow probe': ['Expires in 9 days', '4 runs'],
  'detail of a refusal canary': ['weu-wrong-key is refused, as expected', 'refused here, as expected'],
  'detail of an accepted intruder': [
    'intruder was accepted but should be refused',
    'Treat this as a security incident.',
  ],
  'detail with an operational certificate': [
    'Issued certificate',
    'Expires in 28 days',
    'Contoso Fleet Root',
    'Took 2.14 s',
    'Connection profile',
  ],
  'detail without data': ['weu-group-key has no data yet', 'No outcome yet.'],
  'detail without storage': ['weu-group-key is unknown'],
  'no such probe': ['No probe is named gone'],
  run: ['weu-device-key at 14:30 UTC: failing', '8f2c41d0', '$dps/registrations/res/401/?$rid=1', 'Transcript'],
  'healthy run': ['weu-group-key at 14:30 UTC: healthy', 'only runs that are not healthy have a transcript'],
  'no such run': ['No run has the ID gone', 'its retention period has passed'],
  'simulation running': [
    '500 devices of fleet',
    'running',
    '120 of 500 done: 120 healthy',
    'Refreshes every 5 seconds',
  ],
  'simulations ended': ['400 of 400 done: 300 healthy, 20 degraded, 60 failing, 20 unknown', 'cancelled'],
};

/** Between them these have every element in every state: the others only repeat them. */
const differently: readonly string[] = [
  'several failing',
  'timers silent',
  'intruder',
  'no data yet',
  'two locations',
  'fifty probes',
  'filtered by nothing that exists',
  'storage unreachable',
  'configuration invalid',
  'detail of a failing probe',
  'detail of a refusal canary',
  'detail with an operational certificate',
  'run',
  'no such run',
  'simulation running',
  'simulations ended',
  'hostile',
];

interface View {
  readonly page?: Page;
  readonly viewport?: typeof desktop;
  readonly colorScheme?: 'light' | 'dark';
}

const pages = Object.entries(samplePaths).map(([title, path]) => [title, path, texts[title] ?? []] as const);

describe('The status page in a browser', requires('chromium'), () => {
  let browser: Browser;
  let server: PageServer;
  /** One page for all tests, and one that allows scripts of the tests: each new page costs a process. */
  let shared: Page;
  let sharedWithoutCsp: Page;

  beforeAll(async () => {
    browser = await openBrowser();
    server = await servePages(renderSample);
    shared = await (await browser.newContext()).newPage();
    sharedWithoutCsp = await (await browser.newContext({ bypassCSP: true })).newPage();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(path: string, { page = shared, viewport = desktop, colorScheme = 'light' }: View = {}) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await page.goto(`${server.origin}${path}`);
    return page;
  }

  /** Everything that the browser has to say until the test ends: console lines, errors, refused loads. */
  function complaintsOf(page: Page): readonly string[] {
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
    onTestFinished(() => void page.removeAllListeners());
    return complaints;
  }

  it.each(pages)('complies with its content security policy, and fits a phone: %s', async (_title, path, texts) => {
    const complaints = complaintsOf(shared);
    await open(path, { viewport: phone, colorScheme: 'dark' });
    const text = await textOf(shared.locator('body'));
    for (const expected of texts) expect(text).toContain(expected);
    await openAllDetails(shared);
    expect(await shared.evaluate('document.documentElement.scrollWidth')).toBe(phone.width);
    expect(complaints.filter((complaint) => !/404|503/.test(complaint))).toEqual([]);
  });

  it.each(pages.filter(([title]) => differently.includes(title)))(
    'has no accessibility issue that axe-core detects, in light and dark mode: %s',
    async (_title, path) => {
      await open(path, { page: sharedWithoutCsp });
      await openAllDetails(sharedWithoutCsp);
      expect(await findAccessibilityIssues(sharedWithoutCsp)).toEqual([]);
      await sharedWithoutCsp.emulateMedia({ colorScheme: 'dark' });
      expect(await findAccessibilityIssues(sharedWithoutCsp, ['color-contrast'])).toEqual([]);
    },
  );

  it('is walked by keyboard: skip link first, then the failing probe before the healthy ones, and details open by Enter', async () => {
    const page = await open('/one failing');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    const names: string[] = [];
    for (let stop = 0; stop < 5; stop++) {
      await page.keyboard.press('Tab');
      names.push(await focused(page));
    }
    expect(names).toEqual(['Pause', 'weu-device-key', 'weu-group-key', 'weu-x509-443', 'weu-wrong-key']);

    await page.getByRole('link', { name: 'weu-device-key' }).first().focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/probe=weu-device-key/);
    const details = page.locator('details').first();
    await details.locator('summary').focus();
    await page.keyboard.press('Enter');
    await details.locator('table').waitFor({ state: 'visible' });
    expect(await textOf(details)).toContain('$dps/registrations/PUT/iotdps-register/?$rid=1');
  });

  it('is readable by screen readers: landmarks, one first heading, charts with text', async () => {
    const page = await open('/one failing?probe=weu-device-key');
    for (const role of ['banner', 'main', 'contentinfo', 'navigation'] as const) {
      expect(await page.getByRole(role).count()).toBe(1);
    }
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
    expect(await page.getByRole('img', { name: 'Last 90 runs: 6 failing, 84 healthy' }).count()).toBe(1);
    expect(
      await page.getByRole('img', { name: /^Latency of the last 90 runs: .* to .* in Key Vault, DNS, TCP/ }).count(),
    ).toBe(1);
    const stopped = page.getByRole('row').filter({ hasText: 'stopped here' });
    expect(await textOf(stopped)).toMatch(/Register.*83 ms/);
  });

  it('passes the function key and the paused refresh from page to page', async () => {
    const page = await open('/one failing?code=a%2Bkey%3D%3D');
    await page.getByRole('link', { name: 'Pause' }).click();
    await page.getByRole('link', { name: 'weu-device-key' }).first().click();
    await page.getByRole('link', { name: 'All probes' }).click();
    expect(new URL(page.url()).searchParams.get('code')).toBe('a+key==');
    await page.getByText('Paused').waitFor();
    expect(await page.getByRole('link', { name: 'metrics' }).getAttribute('href')).toBe('metrics?code=a%2Bkey%3D%3D');
  });

  it('needs no JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await open('/one failing', { page: await context.newPage() });
    await page.getByRole('heading', { level: 1, name: /cannot provision/ }).waitFor();
  });

  it('shows fifty probes on two screens, on a desktop and on a phone', async () => {
    for (const viewport of [desktop, phone]) {
      const page = await open('/fifty probes', { viewport });
      const last = page.getByRole('table', { name: 'All probes' }).getByRole('row').last();
      const { y = 0, height = 0 } = (await last.boundingBox()) ?? {};
      expect(y).toBeGreaterThan(viewport.height);
      expect(y + height).toBeLessThanOrEqual(2 * viewport.height);
    }
  });

  it('links every bar to the page of its run, if the reader may see it', async () => {
    const page = await open('/several failing?probe=weu-device-key&code=key');
    const bars = page.locator('.history a');
    expect(await bars.count()).toBe(90);
    await bars.last().click();
    await page.getByRole('heading', { level: 1, name: 'weu-device-key at 14:30 UTC: failing' }).waitFor();
    expect(new URL(page.url()).searchParams.get('code')).toBe('key');
    await page.getByRole('link', { name: 'weu-device-key' }).click();
    await page.getByRole('heading', { level: 2, name: 'What it checks' }).waitFor();
  });

  it('narrows the probes to a tag, and widens them again', async () => {
    const page = await open('/fifty probes?code=key');
    const rows = page.getByRole('table', { name: 'All probes' }).getByRole('rowheader');
    const tags = page.getByRole('list', { name: 'Tags' });
    await tags.getByRole('link', { name: 'line-2' }).click();
    expect(await rows.count()).toBe(17);
    expect(await tags.locator('[aria-current]').textContent()).toMatch(/line-2/);
    await tags.getByRole('link', { name: 'All' }).click();
    expect(await rows.count()).toBe(50);
  });

  it('shows no single run, no form and no key on an anonymous page, for any URL', async () => {
    for (const path of ['/one failing', '/one failing?probe=weu-device-key']) {
      const page = await open(path);
      expect(await page.locator('form, a[href*="run="], a[href*="code="]').count()).toBe(0);
    }
  });

  it('43: draws a refusal that is expected as passed, not as a failure', async () => {
    const page = await open('/all healthy?probe=weu-wrong-key&code=key');
    expect(await page.locator('.stopped').count()).toBe(0);
    expect(await textOf(page.locator('tr.refused'))).toMatch(/Register ?refused here, as expected/);
  });

  it('43: folds runs that ended alike into one line', async () => {
    const page = await open('/degraded?probe=weu-slow&code=key');
    const failures = page.getByRole('region', { name: 'Last runs that were not healthy' });
    expect(await failures.locator('summary').allTextContents()).toEqual([expect.stringContaining('4 runs')]);
  });

  it('12: shows no availability before the data covers its window, and no percentile of too few runs', async () => {
    const page = await open('/first minute?probe=weu-young&code=key');
    expect(await textOf(page.getByRole('row', { name: /^Availability/ }))).toBe('Availability–––');
    expect(await textOf(page.locator('body'))).toContain(
      'The first run was 48 s ago, so there is no availability yet for',
    );
    expect(await textOf(page.getByRole('row', { name: /^Whole run/ }).last())).toMatch(/^Whole run3\.41 s––$/);
  });

  it.each([
    ['overview', samplePaths.hostile ?? ''],
    ['detail', samplePaths['hostile detail'] ?? ''],
    ['run', samplePaths['hostile run'] ?? ''],
  ])('shows markup in any field as the text that it is: %s', async (_title, path) => {
    const page = await open(path, { page: sharedWithoutCsp });
    expect(
      await page.evaluate('document.querySelectorAll("script, img, iframe, [onerror], [onload], [evil]").length'),
    ).toBe(0);
    expect(await page.evaluate('window.evil')).toBeUndefined();
    expect(await textOf(page.locator('body'))).toContain(hostileText.replace('\u202e', '\ufffd'));
  });
});

/** With all white space replaced by one blank, as displayed. */
async function textOf(element: Locator): Promise<string> {
  return ((await element.textContent()) ?? '').replace(/\s+/g, ' ');
}

async function openAllDetails(page: Page): Promise<void> {
  await page.evaluate('document.querySelectorAll("details").forEach((details) => { details.open = true; })');
}

function focused(page: Page): Promise<string> {
  return page.evaluate('document.activeElement.textContent.trim()');
}
