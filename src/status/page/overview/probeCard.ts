import { issuedCertificateOf } from '../../../outcomes/operationalCertificate.ts';
import { reasonCode } from '../../../outcomes/reasonCode.ts';
import { type ProbeReport, probeState, type StatusReport } from '../../report/statusReport.ts';
import { issuedDaysLeft } from '../daysLeft.ts';
import { formatDuration, timeAgo } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type PageContext, probeLink, runLink } from '../pageContext.ts';
import { phaseNames, phaseRail, stoppedAt } from '../phaseRail.ts';
import { availabilityFigures } from '../probe/availabilityTable.ts';
import { historyBars } from '../probe/historyBars.ts';
import { latencyChart } from '../probe/latencyChart.ts';
import { currentReasons, probeSentence, reasonParagraphs } from '../probeSentence.ts';
import { stateLabel } from '../stateLabel.ts';

/** A probe that is not healthy: its state, the phase in which it stops, what to do, and its history. */
export function probeCard(report: StatusReport, probe: ProbeReport, context: PageContext): Html {
  const state = probeState(report, probe);
  const { name, location, transport, globalDeviceEndpoint, flapping, bars, last } = probe;
  const id = `probe-${name}-${location}`.replace(/[^\w-]/g, '_');
  return html`<li><article class="card ${state}" aria-labelledby="${id}">
<div class="card-head">
<h3 id="${id}"><a href="${probeLink(context, probe)}">${name}</a></h3>
${stateLabel(state)}${flapping && html`<span class="tag">flapping</span>`}
<p class="where">${location !== report.location && `${location} · `}${transport} · ${globalDeviceEndpoint}</p>
</div>
${attention(report, probe)}
${bars.length > 0 && html`<div class="card-charts">${historyBars(probe, report.generatedAt, context)}${latencyChart(probe)}</div>`}
${last && html`<div class="card-figures">${availabilityFigures(probe)}${lastRun(probe, report.generatedAt, context)}</div>`}
</article></li>`;
}

function attention(report: StatusReport, probe: ProbeReport): Html {
  const { last, consecutiveFailures } = probe;
  const stop = last && stoppedAt(last.result);
  const runs = consecutiveFailures > 1 ? `, ${consecutiveFailures} runs in a row` : '';
  const sentence = probeSentence(report, probe);
  return html`<div class="attention">
<p class="since">${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}${runs}${stop && html`. Stops at <strong>${phaseNames[stop]}</strong>`}.</p>
${last && stop && phaseRail(last)}
${reasonParagraphs(currentReasons(report, probe))}
${last && probeState(report, probe) === 'missed' && html`<p>Its last run was ${last.verdict}.</p>`}
</div>`;
}

function lastRun(probe: ProbeReport, now: string, context: PageContext): Html {
  const { last, failures } = probe;
  const [failure] = failures;
  const issued = last && issuedCertificateOf(last.result);
  const link = runLink(context, probe, last?.runId);
  return html`<p class="note">${last && html`${link === undefined ? 'Last run' : html`<a href="${link}">Last run</a>`} ${timeAgo(last.startedAt, now)}, took ${formatDuration(last.durationMs)}`}</p>
${issued && html`<p class="note">Operational certificate: ${issuedDaysLeft(issued, now)}</p>`}
${failure && failure.runId !== last?.runId && html`<p class="note">Last ${failure.verdict} ${timeAgo(failure.startedAt, now)}: <code>${reasonCode(failure)}</code></p>`}`;
}
