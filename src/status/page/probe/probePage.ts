import { type ProbeReport, probeState, type StatusReport } from '../../report/statusReport.ts';
import { type Html, html } from '../html.ts';
import { apiLink, type PageQuery, pageLink } from '../pageQuery.ts';
import { type RenderedPage, renderPage } from '../pageShell.ts';
import { probeSentence, reasonParagraphs } from '../probeSentence.ts';
import { phaseChart } from '../run/phaseChart.ts';
import { runDetails, runGroups } from '../run/runDetails.ts';
import { runFacts } from '../run/runFacts.ts';
import { stateIcon, stateWords } from '../stateLabel.ts';
import { availabilityTable } from './availabilityTable.ts';
import { driftList } from './driftList.ts';
import { expiryList } from './expiryList.ts';
import { historyBars } from './historyBars.ts';
import { latencyChart } from './latencyChart.ts';
import { percentileTable } from './percentileTable.ts';

/** `GET /api/status?probe=`: everything about one probe. It never reloads itself while someone reads it. */
export function renderProbePage(report: StatusReport, name: string, query: PageQuery = {}): RenderedPage {
  const probe = report.probes.find((candidate) => candidate.name === name);
  return probe === undefined ? renderNoSuchProbe(report, name, query) : renderKnownProbe(report, probe, query);
}

function renderKnownProbe(report: StatusReport, probe: ProbeReport, query: PageQuery): RenderedPage {
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
${last === undefined ? html`<p class="note">No outcome yet.</p>` : sections(probe, now, query)}`,
  });
}

function configuration({ registrationId, idScope, globalDeviceEndpoint, transport, expected }: ProbeReport): Html {
  const facts = [
    ['Registration ID', registrationId],
    ['ID scope', idScope],
    ['Endpoint', globalDeviceEndpoint],
    ['Transport', transport],
    ['Expected', expected],
  ] as const;
  return html`<section aria-labelledby="checks"><h2 id="checks">What it checks</h2>
<dl class="facts across">${facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl></section>`;
}

function sections(probe: ProbeReport, now: string, query: PageQuery): Html {
  const { last, bars, failures, drifts } = probe;
  return html`<section aria-labelledby="history"><h2 id="history">History</h2>${historyBars(bars, now)}${latencyChart(bars)}</section>
<div class="columns">
<section aria-labelledby="phases"><h2 id="phases">Phases of the last run</h2>${last && phaseChart(last)}</section>
<section aria-labelledby="latency"><h2 id="latency">Latency</h2>${percentileTable(probe) ?? html`<p class="note">No finished run yet.</p>`}</section>
<section aria-labelledby="availability"><h2 id="availability">Availability</h2>${availabilityTable(probe, now)}</section>
<section aria-labelledby="expiry"><h2 id="expiry">Expiry</h2>${last && expiryList(last, now)}</section>
<section aria-labelledby="last-run"><h2 id="last-run">Last run</h2>${last && runFacts(last, now)}</section>
<section aria-labelledby="changes"><h2 id="changes">Changes</h2>${driftList(drifts, now)}</section>
</div>
<section aria-labelledby="failures"><h2 id="failures">Last runs that were not healthy</h2>
${failures.length === 0 ? html`<p class="note">None: every recorded run was healthy.</p>` : html`<ul class="plain">${runGroups(failures).map((group) => runDetails(group, now))}</ul>`}
<p><a href="${apiLink('outcomes', query, { probe: probe.name })}">All outcomes of this probe as JSON</a></p></section>`;
}

function renderNoSuchProbe(report: StatusReport, name: string, query: PageQuery): RenderedPage {
  return renderPage({
    found: false,
    title: 'No such probe',
    state: 'none',
    now: report.generatedAt,
    location: report.location,
    query,
    main: html`<div class="hero none">${stateIcon('none')}<div><h1>No probe is named ${name}</h1>
<p><a href="${pageLink(query)}">All probes</a></p></div></div>`,
  });
}
