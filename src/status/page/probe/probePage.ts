import { findProbe } from '../../report/filterReport.ts';
import { type ProbeReport, probeState, type StatusReport } from '../../report/statusReport.ts';
import { type Html, html } from '../html.ts';
import { renderMessagePage } from '../messagePage.ts';
import { apiLink, overviewLink, type PageContext, publicPage, runLink } from '../pageContext.ts';
import { type RenderedPage, renderPage } from '../pageShell.ts';
import { currentReasons, probeSentence, reasonParagraphs } from '../probeSentence.ts';
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

/** `GET /api/status?probe=`: everything about one probe. It does not reload itself. */
export function renderProbePage(report: StatusReport, name: string, context: PageContext = publicPage): RenderedPage {
  const probe = findProbe(report, name, context.location);
  return probe === undefined ? renderNoSuchProbe(report, name, context) : renderKnownProbe(report, probe, context);
}

function renderKnownProbe(report: StatusReport, probe: ProbeReport, context: PageContext): RenderedPage {
  const state = probeState(report, probe);
  const { last, consecutiveFailures, flapping } = probe;
  return renderPage({
    title: `${probe.name}: ${stateWords[state].toLowerCase()}`,
    state,
    now: report.generatedAt,
    location: probe.location,
    context,
    main: html`<nav aria-label="Breadcrumb"><a href="${overviewLink(context)}">All probes</a></nav>
<div class="hero ${state}">${stateIcon(state)}<div><h1>${probe.name} ${probeSentence(report, probe)}</h1>
${state !== 'healthy' && reasonParagraphs(currentReasons(report, probe))}
${consecutiveFailures > 1 && html`<p class="note">${consecutiveFailures} runs in a row${flapping && ', flapping'}</p>`}
</div></div>
${context.access === 'run' && probe.location === report.location && runNowForm(probe, context)}
${configuration(probe)}
${last === undefined ? html`<p class="note">No outcome yet.</p>` : sections(probe, report.generatedAt, context)}`,
  });
}

/** Posts to the API; the response redirects to the page of the new run. */
function runNowForm({ name }: ProbeReport, context: PageContext): Html {
  return html`<form class="run-now" method="post" action="${apiLink(`probes/${name}/runs`, context)}"><button type="submit">Run now</button>
<p class="note">Runs the probe once and shows the run, which can take as long as its timeout.</p></form>`;
}

function configuration(probe: ProbeReport): Html {
  const { registrationId, idScope, globalDeviceEndpoint, transport, expected, tags } = probe;
  const facts = [
    ['Registration ID', registrationId],
    ['ID scope', idScope],
    ['Endpoint', globalDeviceEndpoint],
    ['Transport', transport],
    ['Expected', expected],
    ...(tags.length > 0 ? [['Tags', tags.join(', ')] as const] : []),
  ] as const;
  return html`<section aria-labelledby="checks"><h2 id="checks">What it checks</h2>
<dl class="facts across">${facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl></section>`;
}

function sections(probe: ProbeReport, now: string, context: PageContext): Html {
  const { last, failures, drifts } = probe;
  const link = runLink(context, probe, last?.runId);
  return html`<section aria-labelledby="history"><h2 id="history">History</h2>${historyBars(probe, now, context)}${latencyChart(probe)}</section>
<div class="columns">
<section aria-labelledby="phases"><h2 id="phases">Phases of the last run</h2>${last && phaseChart(last)}</section>
<section aria-labelledby="latency"><h2 id="latency">Latency</h2>${percentileTable(probe) ?? html`<p class="note">No finished run yet.</p>`}</section>
<section aria-labelledby="availability"><h2 id="availability">Availability</h2>${availabilityTable(probe, now)}</section>
<section aria-labelledby="expiry"><h2 id="expiry">Expiry</h2>${last && expiryList(last, now)}</section>
<section aria-labelledby="last-run"><h2 id="last-run">Last run</h2>${last && runFacts(last, now)}${link !== undefined && html`<p class="note"><a href="${link}">Page of this run</a></p>`}</section>
<section aria-labelledby="changes"><h2 id="changes">Changes</h2>${driftList(drifts, now)}</section>
</div>
<section aria-labelledby="failures"><h2 id="failures">Last runs that were not healthy</h2>
${failures.length === 0 ? html`<p class="note">None: every recorded run was healthy.</p>` : html`<ul class="plain">${runGroups(failures).map((group) => runDetails(group, probe, now, context))}</ul>`}
<p><a href="${apiLink('outcomes', context, { probe: probe.name })}">All outcomes of this probe as JSON</a></p></section>`;
}

function renderNoSuchProbe(report: StatusReport, name: string, context: PageContext): RenderedPage {
  const where = context.location === undefined ? '' : ` at ${context.location}`;
  return renderMessagePage({ title: `No probe is named ${name}${where}` }, report, context);
}
