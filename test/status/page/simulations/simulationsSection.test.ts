import { describe, expect, it } from 'vitest';
import { renderStatusPage } from '../../../../src/status/page/overview/statusPage.ts';
import { recentSimulations, simulationsSection } from '../../../../src/status/page/simulations/simulationsSection.ts';
import { buildReport } from '../../../support/buildReport.ts';
import { sampleSimulations } from '../../../support/sampleSimulations.ts';
import { apiOf, useSimulations } from '../../../support/useSimulations.ts';

const lab = useSimulations();
const now = '2026-11-24T14:30:00.000Z';
const report = buildReport({ generatedAt: now, location: 'test', probes: [], timers: [] });

const [view] = sampleSimulations['simulations ended'];
const context = { access: 'run', code: 'key' } as const;
const section = simulationsSection([view], now, context);
const page = renderStatusPage(report, { sections: section ? [section] : [], context });

describe('the section of the status page', () => {
  it('is not there without simulations', () => {
    expect(simulationsSection([], now)).toBeUndefined();
  });

  it('draws verdicts over time, latency by phase and hubs, and shows why it ended', () => {
    expect(page.html).toContain('400 devices of fleet');
    expect(page.html).toContain(
      '1.00 s to 2.00 s: 200 healthy, 20 degraded, 20 unknown, 60 failing'.replaceAll(' s', '\u00a0s'),
    );
    expect(page.html).toContain('class="phase-assign"');
    expect(page.html).toContain('180 (60.00\u00a0%)');
    expect(page.html).toContain('Stopped: the service responded 429');
  });

  it('counts cancelled devices in addition to the verdicts', () => {
    const cancelled = simulationsSection([{ ...view, verdicts: { ...view.verdicts, unknown: 0 }, cancelled: 20 }], now);
    const sections = cancelled ? [cancelled] : [];
    expect(renderStatusPage(report, { sections, context }).html).toContain('60 failing, 20 cancelled');
  });

  it("escapes text from the service, and links with the reader's key", () => {
    expect(page.html).not.toMatch(/<script|<b>the/);
    expect(page.html).toContain('href="simulations/0123456789abcdef01234567?code=key"');
  });

  it('reads the newest ones from the table in any state, newest first', async () => {
    const context = await lab.context(lab.newStorage(), { mqttsPort: 1 });
    const api = apiOf(context);
    const ids: string[] = [];
    for (let i = 0; i < 6; i += 1) ids.unshift((await api.start({ probe: 'fleet', devices: 10 + i })).id);
    const views = await recentSimulations(context);
    expect(views.map(({ id }) => id)).toEqual(ids.slice(0, 5));
    expect(simulationsSection(views, now)?.content.toString()).toContain('15 devices of fleet');
  });

  it('reloads the page every five seconds while one runs, and shows no verdict of it before its end', () => {
    const ofRunning = simulationsSection(sampleSimulations['simulation running'].slice(0, 1), now, context);
    expect(ofRunning?.refreshSeconds).toBe(5);
    expect(ofRunning?.content.toString()).toContain('120 of 500 done: 120 healthy');
    expect(ofRunning?.content.toString()).not.toContain('class="state healthy"');
    expect(renderStatusPage(report, { sections: ofRunning ? [ofRunning] : [] }).refreshSeconds).toBe(5);
    expect(section?.refreshSeconds).toBeUndefined();
  });

  it('does not call a simulation healthy that was cancelled before most of its devices ran', () => {
    const [, cancelled] = sampleSimulations['simulations ended'];
    const verdicts = { healthy: 3, degraded: 0, failing: 0, unknown: 0 };
    const content = simulationsSection([{ ...cancelled, verdicts }], now)?.content.toString();
    expect(content).toContain('cancelled');
    expect(content).not.toContain('class="state healthy"');
  });
});
