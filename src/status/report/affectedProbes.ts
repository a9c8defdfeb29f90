import { formatClock } from '../page/formatTime.ts';
import { type Html, html } from '../page/html.ts';
import { type PageQuery, pageLink } from '../page/pageLink.ts';
import { phaseNames, stoppedAt } from '../page/phaseNames.ts';
import { probeState, statesByUrgency } from './probeState.ts';
import type { ProbeReport, StatusReport } from './statusReport.ts';

/** What belongs to the headline: where the one probe that it names stops, or which ones it has counted. */
export function affectedProbes(report: StatusReport, query: PageQuery): Html | undefined {
  const worst = statesByUrgency.find((state) => report.probes.some((probe) => probeState(report, probe) === state));
  if (worst === undefined || worst === 'healthy' || worst === 'none' || report.storageFault !== undefined)
    return undefined;
  const concerned = report.probes.filter((probe) => probeState(report, probe) === worst);
  const [only] = concerned;
  if (only !== undefined && concerned.length === 1) {
    const stop = stopOf(only);
    return stop === undefined ? undefined : html`<p>It stops at <strong>${stop}</strong>.</p>`;
  }
  return html`<ul class="hero-list">${concerned.map((probe) => {
    const stop = stopOf(probe);
    const since = probe.since !== undefined && html`, since ${formatClock(probe.since, report.generatedAt)}`;
    return html`<li><a href="${pageLink(query, probe.name)}">${probe.name}</a>${stop && html` stops at <strong>${stop}</strong>`}${since}</li>`;
  })}</ul>`;
}

function stopOf({ last }: ProbeReport): string | undefined {
  const phase = last && stoppedAt(last.result);
  return phase && phaseNames[phase];
}
