import { mkdir } from 'node:fs/promises';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { renderConfigurationErrorPage } from '../../../src/status/page/configurationErrorPage.ts';
import { html } from '../../../src/status/page/html.ts';
import { renderStatusPage } from '../../../src/status/page/overview/statusPage.ts';
import { parsePageQuery } from '../../../src/status/page/pageQuery.ts';
import { renderProbePage } from '../../../src/status/page/probe/probePage.ts';
import type { StatusReport } from '../../../src/status/report/statusReport.ts';
import { reportNow } from '../../support/buildReport.ts';
import { findAccessibilityFaults } from '../../support/findAccessibilityFaults.ts';
import { hostileReport, hostileText } from '../../support/hostileReport.ts';
import { openBrowser } from '../../support/openBrowser.ts';
import { requires } from '../../support/requires.ts';
import { sampleReports } from '../../support/sampleReports.ts';
import { type PageServer, servePages } from '../../support/servePages.ts';

const screenshots = 'test/output/status';
const desktop = { width: 1200, height: 900 };
const phone = { width: 360, height: 740 };

const errors = [
  { path: 'probes[0].transport', message: 'expected "mqtt" or "mqtt-ws"' },
  { path: 'probes[2].name', message: 'used twice' },
];

/** Each page that there is, by the path under which the test's server gives it, and what has to be read on it. */
const pages: readonly (readonly [title: string, path: string, texts: readonly string[]])[] = [
  ['all healthy', '/all healthy', ['Devices can provision', 'All 3 probes are healthy.']],
  [
    'one failing',
    '/one failing',
    [
      'weu-device-key cannot provision: failing since 14:05 UTC (25 min)',
      'It stops at Register.',
      '6 runs in a row',
      'Next step: Compare the key in Key Vault',
      '3 others are healthy.',
    ],
  ],
  [
    'several failing',
    '/several failing',
    [
      '2 of 6 probes cannot provision, the first since 13:50 UTC (40 min)',
      'weu-x509-8883 stops at TCP',
      '8883 blocked, 443 fine',
      '2 others are healthy, 1 is degraded, 1 is unknown.',
    ],
  ],
  ['degraded', '/degraded', ['weu-slow has been degraded since 14:15 UTC', 'flapping', 'ends in 9 days']],
  ['unknown', '/unknown', ['weu-fleet-ca could not be checked since 14:20 UTC', 'Key Vault Secrets User']],
  ['missed', '/missed', ['weu-missed has not run since 13:55 UTC (35 min)', '7 missed']],
  ['no data yet', '/no data yet', ['No data yet', 'The first run of each probe is due at 14:35 UTC.']],
  ['no probes', '/no probes', ['No probe is configured', 'PROBES']],
  ['storage unreachable', '/storage unreachable', ['The history cannot be read', 'ENOTFOUND', 'OutcomesStorage']],
  [
    'configuration invalid',
    '/configuration invalid',
    ['The configuration has 2 errors', 'probes[2].name', 'used twice'],
  ],
  [
    'detail of a failing probe',
    '/several failing?probe=weu-device-key',
    [
      'weu-device-key cannot provision',
      'stopped here',
      'trackingId 8f2c41d0',
      'Tracking ID',
      'Expires in 129 days',
      'Availability',
    ],
  ],
  [
    'detail of a healthy probe',
    '/several failing?probe=weu-group-key',
    [
      'weu-group-key can provision',
      'hub-a.azure-devices.net',
      'hub-b.azure-devices.net',
      'Percentiles of the last 24 hours (n = 288)',
    ],
  ],
  [
    'detail of an unknown probe',
    '/several failing?probe=weu-fleet-ca',
    ['weu-fleet-ca could not be checked', 'Unknown'],
  ],
  ['detail without data', '/no data yet?probe=weu-group-key', ['weu-group-key has no data yet', 'No outcome yet.']],
  ['detail without storage', '/storage unreachable?probe=weu-group-key', ['weu-group-key is unknown']],
  ['no such probe', '/one failing?probe=gone', ['No probe is named gone']],
  ['hostile', '/hostile', []],
  ['hostile detail', `/hostile?probe=${encodeURIComponent(hostileText)}`, []],
];

describe('The status page in a browser', requires('chromium'), () => {
  let browser: Browser;
  let server: PageServer;

  beforeAll(async () => {
    await mkdir(screenshots, { recursive: true });
    browser = await openBrowser();
    server = await servePages((url) => {
      const state = decodeURIComponent(url.pathname.slice(1));
      if (state === 'configuration invalid') {
        return renderConfigurationErrorPage({ generatedAt: reportNow, errors });
      }
      const report: StatusReport | undefined =
        state === 'hostile' ? hostileReport : sampleReports[state as keyof typeof sampleReports];
      if (report === undefined) return undefined;
      const query = parsePageQuery(url.searchParams);
      if (query.probe !== undefined) return renderProbePage(report, query.probe, query);
      return renderStatusPage(report, {
        query,
        nextRunAt: '2026-11-24T14:35:00.000Z',
        sections: [{ id: 'more', title: 'More', content: html`<p>From elsewhere.</p>` }],
      });
    });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(path: string, options: BrowserContextOptions = {}): Promise<OpenedPage> {
    const context = await browser.newContext({ viewport: desktop, ...options });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
    await page.goto(`${server.origin}${path}`);
    return { page, complaints };
  }

  it.each(pages)(
    'says what there is to say, within its own policy, and fits a phone: %s',
    async (title, path, texts) => {
      const { page, complaints } = await open(path);
      const text = await textOf(page.locator('body'));
      for (const expected of texts) expect(text).toContain(expected);
      await page.screenshot({ path: `${screenshots}/${title}.png`, fullPage: true });

      await page.emulateMedia({ colorScheme: 'dark' });
      await page.setViewportSize(phone);
      await openAllDetails(page);
      await page.screenshot({ path: `${screenshots}/${title}, phone, dark.png`, fullPage: true });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(phone.width);
      expect(complaints.filter((complaint) => !/404|503/.test(complaint))).toEqual([]);
    },
  );

  it.each(pages)('has no fault that axe-core knows, nor too little contrast in the dark: %s', async (_title, path) => {
    const { page } = await open(path, { bypassCSP: true });
    await openAllDetails(page);
    expect(await findAccessibilityFaults(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await findAccessibilityFaults(page, ['color-contrast'])).toEqual([]);
  });

  it('is walked by keyboard: skip link first, then the failing probe before the healthy ones, and details open by Enter', async () => {
    const { page } = await open('/one failing');
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

    await page.getByRole('link', { name: 'weu-device-key' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/probe=weu-device-key/);
    const details = page.locator('details').first();
    await details.locator('summary').focus();
    await page.keyboard.press('Enter');
    await details.locator('table').waitFor({ state: 'visible' });
    expect(await textOf(details)).toContain('$dps/registrations/PUT/iotdps-register/?$rid=1');
  });

  it('says to a screen reader what sighted readers see: landmarks, one first heading, charts in words', async () => {
    const { page } = await open('/one failing?probe=weu-device-key');
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

  it('keeps the function key from page to page, and the wish not to be renewed', async () => {
    const { page } = await open('/one failing?code=a%2Bkey%3D%3D');
    await page.getByRole('link', { name: 'Pause' }).click();
    await page.getByRole('link', { name: 'weu-device-key' }).click();
    await page.getByRole('link', { name: 'All probes' }).click();
    expect(new URL(page.url()).searchParams.get('code')).toBe('a+key==');
    await page.getByText('Paused').waitFor();
    expect(await page.getByRole('link', { name: 'metrics' }).getAttribute('href')).toBe('metrics?code=a%2Bkey%3D%3D');
  });

  it('needs no JavaScript', async () => {
    const { page } = await open('/one failing', { javaScriptEnabled: false });
    await page.getByRole('heading', { level: 1, name: /cannot provision/ }).waitFor();
  });

  it('shows the sections of others below the probes', async () => {
    const { page } = await open('/all healthy');
    await page.getByRole('region', { name: 'More' }).getByText('From elsewhere.').waitFor();
  });

  it.each([
    ['overview', '/hostile'],
    ['detail', `/hostile?probe=${encodeURIComponent(hostileText)}`],
  ])('shows markup in any field as the text that it is: %s', async (_title, path) => {
    const { page } = await open(path, { bypassCSP: true });
    expect(
      await page.evaluate('document.querySelectorAll("script, img, iframe, [onerror], [onload], [evil]").length'),
    ).toBe(0);
    expect(await page.evaluate('window.evil')).toBeUndefined();
    expect(await textOf(page.locator('body'))).toContain(hostileText.replace('\u202e', '\ufffd'));
  });
});

interface OpenedPage {
  readonly page: Page;
  /** Everything that the browser had to say: console lines, errors, refused loads. */
  readonly complaints: readonly string[];
}

/** With all white space as one blank, as it looks. */
async function textOf(element: Locator): Promise<string> {
  return ((await element.textContent()) ?? '').replace(/\s+/g, ' ');
}

async function openAllDetails(page: Page): Promise<void> {
  await page.evaluate('document.querySelectorAll("details").forEach((details) => { details.open = true; })');
}

function focused(page: Page): Promise<string> {
  return page.evaluate('document.activeElement.textContent.trim()');
}
