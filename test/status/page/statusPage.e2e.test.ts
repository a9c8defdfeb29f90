import { mkdir } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Probe, probeSchema } from '../../../src/config/probe.ts';
import { dueTimes } from '../../../src/config/schedule.ts';
import { renderStatusPage } from '../../../src/status/page/overview/statusPage.ts';
import { pageContextOf } from '../../../src/status/page/pageContext.ts';
import { renderProbePage } from '../../../src/status/page/probe/probePage.ts';
import { readStatusReport, type StatusReportOptions } from '../../../src/status/report/readStatusReport.ts';
import { buildOutcome } from '../../support/buildOutcome.ts';
import { dueAt, reportNow } from '../../support/buildReport.ts';
import { openBrowser } from '../../support/openBrowser.ts';
import { probeJson } from '../../support/probeJson.ts';
import { requires } from '../../support/requires.ts';
import { refusedOutcome } from '../../support/sampleReports.ts';
import { seedOutcomes } from '../../support/seedOutcomes.ts';
import { servePages } from '../../support/servePages.ts';
import { closedStorage, historyAt, useAzurite } from '../../support/useHistory.ts';

const azurite = useAzurite();
const probes: readonly Probe[] = ['page-healthy', 'page-refused', 'page-silent'].map((name) =>
  probeSchema.parse(probeJson({ name })),
);
const options: StatusReportOptions = {
  probes,
  location: 'westeurope',
  dueTimes: (probe, fromMs, toMs) => dueTimes('0 */5 * * * *', probe, fromMs, toMs),
  now: new Date(reportNow),
  timeoutMs: 30_000,
};

describe('The status page of a history in Azurite', requires('chromium'), () => {
  let browser: Browser;

  beforeAll(async () => {
    await mkdir('test/output/status', { recursive: true });
    browser = await openBrowser();
    const runs = Array.from({ length: 100 }, (_, index) => 99 - index);
    const healthy = (probe: string, ago: number) => buildOutcome({ probe, runId: `run-${ago}`, startedAt: dueAt(ago) });
    await seedOutcomes(
      azurite.connectionString(),
      runs.map((ago) => healthy('page-healthy', ago)),
    );
    await seedOutcomes(
      azurite.connectionString(),
      runs.map((ago) =>
        ago < 6
          ? { ...refusedOutcome, probe: 'page-refused', runId: `run-${ago}`, startedAt: dueAt(ago) }
          : healthy('page-refused', ago),
      ),
    );
    // Three scheduled runs were missed.
    await seedOutcomes(
      azurite.connectionString(),
      runs.filter((ago) => ago > 3).map((ago) => healthy('page-silent', ago)),
    );
  });

  afterAll(() => browser?.close());

  async function open(connectionString: string): Promise<Page> {
    const report = await readStatusReport(historyAt(connectionString), options);
    const server = await servePages((url) => {
      const context = pageContextOf(Object.fromEntries(url.searchParams), undefined, false);
      if (context.probe !== undefined) return renderProbePage(report, context.probe, context);
      return renderStatusPage(report, { context });
    });
    const page = await browser.newPage();
    onTestFinished(async () => {
      await page.close();
      await server.close();
    });
    await page.goto(`${server.origin}/api/status`);
    return page;
  }

  it('shows which probes cannot provision and since when, which have not run, and the transcript', async () => {
    const page = await open(azurite.connectionString());
    await page.screenshot({ path: 'test/output/status/seeded history.png', fullPage: true });
    await page
      .getByRole('heading', { level: 1, name: 'page-refused cannot provision: failing since 14:05 UTC (25 min)' })
      .waitFor();
    const articles = await page.getByRole('article').all();
    const names = await Promise.all(
      articles.map((article) => article.getByRole('heading', { level: 3 }).textContent()),
    );
    expect(names).toEqual(['page-refused', 'page-silent']);
    const rows = page.getByRole('table', { name: 'All probes' }).getByRole('rowheader');
    expect(await rows.allTextContents()).toEqual(['page-refused', 'page-silent', 'page-healthy']);
    await page.getByText('Has not run since 14:10 UTC (20 min).').waitFor();

    await page.getByRole('article', { name: 'page-refused' }).getByRole('link', { name: 'page-refused' }).click();
    await page.locator('summary').first().click();
    await page.screenshot({ path: 'test/output/status/seeded history, detail.png', fullPage: true });
    await page.getByText('$dps/registrations/res/401/?$rid=1').first().waitFor();
    expect(await page.getByRole('row', { name: /^Failing/ }).textContent()).toMatch(/^Failing6/);
  });

  it('reports that the storage is not available, and still lists the probes', async () => {
    const page = await open(await closedStorage());
    await page.getByRole('heading', { level: 1, name: 'The history cannot be read' }).waitFor();
    expect(await page.getByRole('table', { name: 'All probes' }).getByRole('rowheader').count()).toBe(3);
  });
});
