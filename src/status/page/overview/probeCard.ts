import { reasonCode } from '../../../outcomes/reasonCode.ts';
import { type ProbeReport, type ProbeState, probeState, type StatusReport } from '../../report/statusReport.ts';
import { formatDuration, timeAgo } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type PageQuery, pageLink } from '../pageQuery.ts';
import { phaseNames, phaseRail, stoppedAt } from '../phaseRail.ts';
import { availabilityFigures } from '../probe/availabilityTable.ts';
import { historyBars } from '../probe/historyBars.ts';
import { latencyChart } from '../probe/latencyChart.ts';
import { probeSentence, reasonParagraphs } from '../probeSentence.ts';
import { stateLabel } from '../stateLabel.ts';

/** One probe on the overview: its state, where it stops and what to do; then its history. */
export function probeCard(report: StatusReport, probe: ProbeReport, query: PageQuery): Html {
  const { generatedAt: now } = report;
  const state = probeState(report, probe);
  return html`<li><article class="card ${state}" aria-labelledby="probe-${probe.name}">
<div class="card-head">
<h3 id="probe-${probe.name}"><a href="${pageLink(query, { probe: probe.name })}">${probe.name}</a></h3>
${stateLabel(state)}${probe.flapping && html`<span class="tag">flapping</span>`}
<p class="where">${probe.transport} · ${probe.globalDeviceEndpoint}</p>
</div>
${needsAttention(state, probe) && attention(report, probe)}
${probe.bars.length > 0 && html`<div class="card-charts">${historyBars(probe.bars, now)}${latencyChart(probe.bars)}</div>`}
${probe.last && html`<div class="card-figures">${availabilityFigures(probe)}${lastLooked(probe, now)}</div>`}
</article></li>`;
}

function needsAttention(state: ProbeState, { last }: ProbeReport): boolean {
  return last !== undefined && state !== 'healthy';
}

function attention(report: StatusReport, probe: ProbeReport): Html {
  const { last } = probe;
  const stop = last && stoppedAt(last.result);
  const runs = probe.consecutiveFailures > 1 ? `, ${probe.consecutiveFailures} runs in a row` : '';
  return html`<div class="attention">
<p class="since">${probeSentence(report, probe).replace(/^./, (letter) => letter.toUpperCase())}${runs}${stop && html`. Stops at <strong>${phaseNames[stop]}</strong>`}.</p>
${probeState(report, probe) === 'missed' && html`<p class="next"><strong>Next step:</strong> Check that the app runs: its timer and its log.</p>${last && html`<p>Its last run was ${last.verdict}.</p>`}`}
${last && stop && phaseRail(last)}
${last && reasonParagraphs(last.reasons)}
</div>`;
}

function lastLooked(probe: ProbeReport, now: string): Html {
  const { last, failures } = probe;
  const failure = failures.find((outcome) => outcome.verdict !== 'healthy');
  return html`<p class="note">${last && html`Last run ${timeAgo(last.startedAt, now)}, took ${formatDuration(last.durationMs)}`}</p>
${failure && failure.runId !== last?.runId && html`<p class="note">Last ${failure.verdict} ${timeAgo(failure.startedAt, now)}: <code>${reasonCode(failure)}</code></p>`}`;
}
