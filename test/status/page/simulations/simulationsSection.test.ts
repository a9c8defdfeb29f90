import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulationView } from '../../../../src/simulations/simulationView.ts';
import { renderStatusPage } from '../../../../src/status/page/overview/statusPage.ts';
import { recentSimulations, simulationsSection } from '../../../../src/status/page/simulations/simulationsSection.ts';
import type { StatusReport } from '../../../../src/status/report/statusReport.ts';
import { findAccessibilityFaults } from '../../../support/findAccessibilityFaults.ts';
import { openBrowser } from '../../../support/openBrowser.ts';
import { requires } from '../../../support/requires.ts';
import { servePages } from '../../../support/servePages.ts';
import { apiOf, useSimulations } from '../../../support/useSimulations.ts';

const lab = useSimulations();
const now = '2026-11-24T14:30:00.000Z';
const report: StatusReport = { generatedAt: now, location: 'test', probes: [], correlations: [] };

const view: SimulationView = {
  id: '0123456789abcdef01234567',
  state: 'stopped',
  reason: 'Stopped: the service answered 429 <script>',
  location: 'test',
  probe: 'fleet',
  devices: 400,
  left: 0,
  done: 400,
  createdAt: '2026-11-24T14:25:00.000Z',
  endedAt: '2026-11-24T14:26:00.000Z',
  expiresAt: '2026-11-24T15:25:00.000Z',
  request: {
    probe: 'fleet',
    devices: 400,
    registrationIdPrefix: 'fleet-sim-',
    ratePerSecond: 16,
    allowAboveServiceLimits: false,
    reuseTlsSessions: false,
  },
  pace: { askedPerSecond: 16, ratePerSecond: 4, lowestRatePerSecond: 2, throttled: 31 },
  verdicts: { healthy: 300, degraded: 20, failing: 60, unknown: 20 },
  reasons: [
    {
      verdict: 'failing',
      reason: 'rejected:401002@register',
      count: 60,
      examples: [{ registrationId: 'fleet-sim-000001', runId: 'r', text: 'DPS refused <b>the certificate</b>.' }],
    },
  ],
  hubs: { 'hub-a.azure-devices.net': 180, 'hub-b.azure-devices.net': 120 },
  percentiles: {
    tls: { count: 380, p50: 41, p90: 60, p95: 80, p99: 120, max: 140 },
    assign: { count: 380, p50: 3100, p90: 3900, p95: 4100, p99: 5000, max: 6000 },
    total: { count: 380, p50: 3200, p90: 4000, p95: 4300, p99: 5200, max: 6100 },
  },
  tlsSessionsReused: 0,
  devicesPerSecond: 6.6,
  timeline: [
    [0, 100, 0, 0, 0],
    [1, 200, 20, 60, 20],
  ],
  timelineStepSeconds: 1,
};

const section = simulationsSection([view], now, { code: 'key' });
const page = renderStatusPage(report, { sections: section ? [section] : [], query: { code: 'key' } });

describe('the section of the status page', () => {
  it('is not there without simulations', () => {
    expect(simulationsSection([], now)).toBeUndefined();
  });

  it('draws verdicts over time, latency by phase and hubs, and says why it ended', () => {
    expect(page.html).toContain('400 devices of fleet');
    expect(page.html).toContain(
      '1.00 s to 2.00 s: 200 healthy, 20 degraded, 20 unknown, 60 failing'.replaceAll(' s', '\u00a0s'),
    );
    expect(page.html).toContain('class="phase-assign"');
    expect(page.html).toContain('180 (60.00\u00a0%)');
    expect(page.html).toContain('Stopped: the service answered 429');
  });

  it('shows text from the wire as text, and links on with the key that the reader came with', () => {
    expect(page.html).not.toMatch(/<script|<b>the/);
    expect(page.html).toContain('href="simulations/0123456789abcdef01234567?code=key"');
  });

  it('reads the newest from the table, newest first, whatever state they are in', async () => {
    const context = await lab.context(lab.newStorage(), { mqttsPort: 1 });
    const api = apiOf(context);
    const ids: string[] = [];
    for (let i = 0; i < 6; i += 1) ids.unshift((await api.start({ probe: 'fleet', devices: 10 + i })).id);
    const views = await recentSimulations(context);
    expect(views.map(({ id }) => id)).toEqual(ids.slice(0, 5));
    expect(simulationsSection(views, now)?.content.toString()).toContain('15 devices of fleet');
  });

  describe('in a browser', requires('chromium'), () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await openBrowser();
    });
    afterAll(() => browser.close());

    it('has no accessibility fault, and fits a telephone', async () => {
      const server = await servePages(() => page);
      const context = await browser.newContext({ bypassCSP: true, viewport: { width: 390, height: 900 } });
      const tab = await context.newPage();
      await tab.goto(server.origin);
      expect(await findAccessibilityFaults(tab)).toEqual([]);
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
      if (process.env.SCREENSHOT) await tab.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
      await context.close();
      await server.close();
    });
  });
});
