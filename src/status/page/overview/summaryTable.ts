import {
  isWronglyAccepted,
  type ProbeReport,
  probeState,
  type StatusReport,
  statesByUrgency,
} from '../../report/statusReport.ts';
import { formatClock, formatDay, formatDuration, formatSpan } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type PageContext, probeLink } from '../pageContext.ts';
import { phaseNames, stopOf } from '../phaseRail.ts';
import { countedRuns, shareOf } from '../probe/availabilityTable.ts';
import { splitReason } from '../probeSentence.ts';
import { stateIcon, stateWords } from '../stateLabel.ts';

/** One line for each probe, the most urgent first: fifty fit on two screens. */
export function summaryTable(report: StatusReport, context: PageContext): Html {
  const withLocation = new Set(report.probes.map(({ location }) => location)).size > 1;
  return html`<table class="summary">
<caption class="unseen">All probes, the most urgent first</caption>
<thead><tr><th scope="col" class="s-state">State</th><th scope="col" class="s-name">Probe</th>${withLocation && html`<th scope="col" class="s-place">Location</th>`}<th scope="col" class="s-expects">Expects</th><th scope="col" class="s-reason">Stops at<span class="s-why">, reason</span></th><th scope="col" class="s-since">Since</th><th scope="col" class="s-last">Last run</th><th scope="col" class="s-latency">Latency</th><th scope="col" class="s-day">24 h</th></tr></thead>
<tbody>${byUrgency(report).map((probe) => row(report, probe, context, withLocation))}</tbody>
</table>`;
}

/** Within a state, wrongly accepted devices come first; otherwise in the configured order. */
export function byUrgency(report: StatusReport): readonly ProbeReport[] {
  const rank = (probe: ProbeReport) =>
    statesByUrgency.indexOf(probeState(report, probe)) - (isWronglyAccepted(probe) ? 0.5 : 0);
  return report.probes.toSorted((one, other) => rank(one) - rank(other));
}

function row(report: StatusReport, probe: ProbeReport, context: PageContext, withLocation: boolean): Html {
  const { generatedAt: now } = report;
  const { name, location, expectedResult, last, since, windows } = probe;
  const state = probeState(report, probe);
  const ago = last && formatSpan(last.startedAt, now);
  const day = windows['24h'];
  return html`<tr class="${state}">
<td class="s-state">${stateIcon(state)}<span>${stateWords[state]}</span></td>
<th scope="row" class="s-name"><a href="${probeLink(context, probe)}" title="${name}">${name}</a>${withLocation && html`<span class="s-at">${location}</span>`}</th>
${withLocation && html`<td class="s-place">${location}</td>`}
<td class="s-expects">${expectedResult}</td>
<td class="s-reason">${reasonOf(report, probe)}</td>
<td class="s-since">${since !== undefined && html`<time datetime="${since}" title="${formatClock(since, now)}">${shortClock(since, now)}</time>`}</td>
<td class="s-last">${last && html`<time datetime="${last.startedAt}" title="${formatClock(last.startedAt, now)}">${ago === undefined ? shortClock(last.startedAt, now) : `${ago} ago`}</time>`}</td>
<td class="s-latency">${last && formatDuration(last.durationMs)}</td>
<td class="s-day ${day.complete ? 'known' : 'incomplete'}" title="n = ${countedRuns(day)}">${shareOf(day)}</td>
</tr>`;
}

/** `14:05` on the day of `now`, else `23 Nov`. */
function shortClock(iso: string, now: string): string {
  return iso.slice(0, 10) === now.slice(0, 10) ? iso.slice(11, 16) : formatDay(iso, now);
}

function reasonOf(report: StatusReport, probe: ProbeReport): Html | undefined {
  const { last, flapping } = probe;
  const state = probeState(report, probe);
  if (last === undefined || state === 'none' || report.storageFault !== undefined) return undefined;
  if (state === 'missed')
    return html`<span class="s-why">no run since ${formatClock(last.startedAt, report.generatedAt)}</span>`;
  const stop = stopOf(last);
  const [reason] = last.reasons;
  const why =
    reason === undefined ? (stop && state === 'healthy' ? 'as expected' : undefined) : splitReason(reason).what;
  const where = isWronglyAccepted(probe) ? 'Accepted, security incident' : stop && phaseNames[stop.phase];
  return html`${flapping && html`<span class="tag">flapping</span> `}${where !== undefined && html`<strong>${where}</strong>`}${why !== undefined && html`<span class="s-why" title="${why}">${where !== undefined && ': '}${why}</span>`}`;
}
