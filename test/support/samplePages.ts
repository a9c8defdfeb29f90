import type { SimulationView } from '../../src/simulations/simulationView.ts';
import { renderConfigurationErrorPage } from '../../src/status/page/configurationErrorPage.ts';
import { renderStatusPage } from '../../src/status/page/overview/statusPage.ts';
import { type PageContext, pageContextOf } from '../../src/status/page/pageContext.ts';
import type { RenderedPage } from '../../src/status/page/pageShell.ts';
import { renderProbePage } from '../../src/status/page/probe/probePage.ts';
import { renderNoSuchRun, renderRunPage } from '../../src/status/page/run/runPage.ts';
import { simulationsSection } from '../../src/status/page/simulations/simulationsSection.ts';
import { findProbe } from '../../src/status/report/filterReport.ts';
import type { StatusReport } from '../../src/status/report/statusReport.ts';
import { reportNow } from './buildReport.ts';
import { hostileReport, hostileText } from './hostileReport.ts';
import { sampleReports } from './sampleReports.ts';
import { sampleSimulations } from './sampleSimulations.ts';

const errors = [
  { path: 'PROBES[0].transport', message: 'expected mqtt or mqtt-ws, got "mqtts" (did you mean "mqtt"?)' },
  { path: 'PROBES[2].name', message: 'duplicate name: PROBES[0] already uses it' },
];

const reports: Readonly<Record<string, StatusReport>> = { ...sampleReports, hostile: hostileReport };
const simulations: Readonly<Record<string, readonly SimulationView[]>> = sampleSimulations;

/** Every page, by its path for `renderSample`. */
export const samplePaths: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(sampleReports).map((state) => [state, `/${state}?code=key`])),
  'anonymous page': '/one failing',
  'filtered by tag': '/fifty probes?tag=line-2',
  'filtered by nothing that exists': '/fifty probes?tag=gone',
  'configuration invalid': '/configuration invalid',
  'detail of a failing probe': '/several failing?probe=weu-device-key&code=key',
  'detail of a healthy probe': '/several failing?probe=weu-group-key&code=key',
  'detail of an unknown probe': '/several failing?probe=weu-fleet-ca',
  'detail of a slow probe': '/degraded?probe=weu-slow',
  'detail of a refusal canary': '/all healthy?probe=weu-wrong-key',
  'detail of an accepted intruder': '/intruder?probe=intruder&code=key',
  'detail with an operational certificate': '/operational certificates?probe=weu-csr&code=key',
  'detail without data': '/no data yet?probe=weu-group-key&code=key',
  'detail without storage': '/storage unreachable?probe=weu-group-key',
  'no such probe': '/one failing?probe=gone',
  run: '/several failing?run=run-0&probe=weu-device-key&code=key',
  'healthy run': '/all healthy?run=5f0c3f5e-6b0e-4d0f-9f5a-2b1c7d9e4a10&probe=weu-group-key&code=key',
  'no such run': '/one failing?run=gone&code=key',
  'simulation running': '/simulation running?code=key',
  'simulations ended': '/simulations ended?code=key',
  hostile: '/hostile?code=key',
  'hostile detail': `/hostile?probe=${encodeURIComponent(hostileText)}&code=key`,
  'hostile run': `/hostile?probe=${encodeURIComponent(hostileText)}&run=${encodeURIComponent(hostileText)}&code=key`,
};

/** The page at one of these paths, as the function `status` would choose it; an address without `code` is an anonymous page. */
export function renderSample(url: URL): RenderedPage | undefined {
  const state = decodeURIComponent(url.pathname.slice(1));
  if (state === 'configuration invalid') return renderConfigurationErrorPage({ generatedAt: reportNow, errors });
  const views = simulations[state];
  const report = reports[views === undefined ? state : 'all healthy'];
  if (report === undefined) return undefined;
  const { code, refresh, ...parameters } = Object.fromEntries(url.searchParams);
  const context = pageContextOf(
    { ...parameters, refresh: refresh === 'off' ? 'off' : undefined },
    code,
    code === undefined,
  );
  if (context.run !== undefined) return renderRun(report, context.run, context);
  if (context.probe !== undefined) return renderProbePage(report, context.probe, context);
  const section = simulationsSection(views ?? [], reportNow, context);
  const nextRunAt = '2026-11-24T14:35:00.000Z';
  return renderStatusPage(report, { context, nextRunAt, sections: section ? [section] : [] });
}

function renderRun(report: StatusReport, run: string, context: PageContext): RenderedPage {
  const probe = context.probe === undefined ? undefined : findProbe(report, context.probe, context.location);
  const outcome = [...(probe?.failures ?? []), ...(probe?.last ? [probe.last] : [])].find(({ runId }) => runId === run);
  const options = { report, probe, context };
  return outcome === undefined ? renderNoSuchRun(run, options) : renderRunPage(outcome, options);
}
