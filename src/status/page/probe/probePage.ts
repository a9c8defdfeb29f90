import { probeState, stateWords } from '../../report/probeState.ts';
import type { ProbeReport, StatusReport } from '../../report/statusReport.ts';
import { type Html, html } from '../html.ts';
import { driftList } from '../overview/driftList.ts';
import { expiryList } from '../overview/expiryList.ts';
import { failureDetails } from '../overview/failureDetails.ts';
import { apiLink, type PageQuery, pageLink } from '../pageLink.ts';
import type { PageResponse } from '../pageResponse.ts';
import { renderPage } from '../pageShell.ts';
import { probeSentence } from '../probeSentence.ts';
import { stateIcon } from '../stateIcon.ts';
import { availabilityTable } from './availabilityTable.ts';
import { historyBars } from './historyBars.ts';
import { lastRunFacts } from './lastRunFacts.ts';
import { latencyChart } from './latencyChart.ts';
import { percentileTable } from './percentileTable.ts';
import { phaseChart } from './phaseChart.ts';
import { reasonParagraphs } from './reasonParagraphs.ts';

/** `GET /api/status?probe=`: one probe with all that is known of it. It never renews itself: somebody is reading. */
export function renderProbePage(report: StatusReport, name: string, query: PageQuery = {}): PageResponse {
  const probe = report.probes.find((candidate) => candidate.name === name);
  return probe === undefined ? renderNoSuchProbe(report, name, query) : renderKnownProbe(report, probe, query);
}

function renderKnownProbe(report: StatusReport, probe: ProbeReport, query: PageQuery): PageResponse {
  const { generatedAt: now } = report;
  const state = probeState(report, probe);
  const { last } = probe;
  return renderPage({
    title: `${probe.name}: ${stateWords[state].toLowerCase()}`,
    state,
    now,
    location: report.location,
    query,
    main: html`<nav aria-label="Breadcrumb"><a href="${pageLink(query)}">All probes</a></nav>
<div class="hero ${state}">${stateIcon(state)}<div><h1>${probe.name} ${probeSentence(report, probe)}</h1>
${last && state !== 'healthy' && reasonParagraphs(last.reasons)}
${probe.consecutiveFailures > 1 && html`<p class="note">${probe.consecutiveFailures} runs in a row${probe.flapping && ', flapping'}</p>`}
</div></div>
${configuration(probe)}
${last === undefined ? html`<p class="note">No outcome to show.</p>` : sections(probe, now, query)}`,
  });
}

function configuration({ registrationId, idScope, globalDeviceEndpoint, transport, expected }: ProbeReport): Html {
  const facts = [
    ['Registration id', registrationId],
    ['ID scope', idScope],
    ['Endpoint', globalDeviceEndpoint],
    ['Transport', transport],
    ['Expected', expected],
  ] as const;
  return html`<section aria-labelledby="checks"><h2 id="checks">What it checks</h2>
<dl class="facts across">${facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl></section>`;
}

function sections(probe: ProbeReport, now: string, query: PageQuery): Html {
  const { last, bars, windows, failures, drifts } = probe;
  return html`<section aria-labelledby="history"><h2 id="history">History</h2>${historyBars(bars, now)}${latencyChart(bars)}</section>
<div class="columns">
<section aria-labelledby="phases"><h2 id="phases">Phases of the last run</h2>${last && phaseChart(last)}</section>
<section aria-labelledby="latency"><h2 id="latency">Latency</h2>${percentileTable(windows) ?? html`<p class="note">No finished run yet.</p>`}</section>
<section aria-labelledby="availability"><h2 id="availability">Availability</h2>${availabilityTable(windows)}</section>
<section aria-labelledby="expiry"><h2 id="expiry">Expiry</h2>${last && expiryList(last, now)}</section>
<section aria-labelledby="last-run"><h2 id="last-run">Last run</h2>${last && lastRunFacts(last, now)}</section>
<section aria-labelledby="changes"><h2 id="changes">Changes</h2>${driftList(drifts, now)}</section>
</div>
<section aria-labelledby="failures"><h2 id="failures">Last failures</h2>
${failures.length === 0 ? html`<p class="note">None kept: every run was healthy.</p>` : html`<ul class="plain">${failures.map((outcome) => failureDetails(outcome, now))}</ul>`}
<p><a href="${apiLink('outcomes', query, { probe: probe.name })}">All outcomes of this probe as JSON</a></p></section>`;
}

function renderNoSuchProbe(report: StatusReport, name: string, query: PageQuery): PageResponse {
  return renderPage({
    status: 404,
    title: 'No such probe',
    state: 'none',
    now: report.generatedAt,
    location: report.location,
    query,
    main: html`<div class="hero none">${stateIcon('none')}<div><h1>No probe is called ${name}</h1>
<p><a href="${pageLink(query)}">All probes</a></p></div></div>`,
  });
}
