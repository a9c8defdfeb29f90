import {
  type ProbeReport,
  type ProbeState,
  probeState,
  type StatusReport,
  statesByUrgency,
} from '../../report/statusReport.ts';
import { type Html, html } from '../html.ts';
import { type PageQuery, pageLink } from '../pageQuery.ts';
import { type RenderedPage, renderPage } from '../pageShell.ts';
import { stateIcon, stateWords } from '../stateLabel.ts';
import { affectedProbes, headline } from './headline.ts';
import { probeCard } from './probeCard.ts';

/** Something else to show below the probes, such as simulations. */
export interface PageSection {
  /** For the heading's anchor. */
  readonly id: string;
  readonly title: string;
  readonly content: Html;
}

export interface StatusPageOptions {
  readonly query?: PageQuery;
  /** ISO 8601: when the timer fires next, for a deployment that has no outcome yet. */
  readonly nextRunAt?: string;
  readonly sections?: readonly PageSection[];
}

/** Long enough to read the page, short enough for a wall screen: a fifth of the default schedule. */
const refreshSeconds = 60;

/** `GET /api/status`: all probes, the most urgent first. */
export function renderStatusPage(report: StatusReport, options: StatusPageOptions = {}): RenderedPage {
  const { query = {}, sections = [] } = options;
  const top = headline(report, options.nextRunAt);
  const { state, text, more } = top;
  const refreshes = query.refresh !== 'off';
  return renderPage({
    title: text,
    state,
    now: report.generatedAt,
    location: report.location,
    query,
    ...(refreshes ? { refreshSeconds } : {}),
    main: html`<div class="hero ${state}">${stateIcon(state)}<div><h1>${text}</h1>
${affectedProbes(top, report, query)}
${more !== undefined && html`<p>${more}</p>`}
${report.storageFault !== undefined && storageFault(report.storageFault)}
${report.probes.length === 0 && noProbes()}</div></div>
<p class="refresh">${refreshLink(query, refreshes)}</p>
${report.correlations.length > 0 && correlations(report)}
${statesByUrgency.map((candidate) => group(report, candidate, query))}
${sections.map(({ id, title, content }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`)}`,
  });
}

/** A page that reloads itself can be paused (WCAG 2.2, success criteria 2.2.1 and 2.2.2). */
function refreshLink(query: PageQuery, refreshes: boolean): Html {
  return refreshes
    ? html`Refreshes every minute · <a href="${pageLink(query, { refresh: 'off' })}">Pause</a>`
    : html`Paused · <a href="${pageLink(query, { refresh: undefined })}">Refresh every minute</a>`;
}

function storageFault(fault: string): Html {
  return html`<p class="what">${fault}</p>
<p class="next"><strong>Next step:</strong> Check that OutcomesStorage is reachable, and that this app’s identity has the role Storage Table Data Contributor. Until then use the availability results in Application Insights.</p>`;
}

function noProbes(): Html {
  return html`<p class="next"><strong>Next step:</strong> Describe the devices to simulate in the setting <code>PROBES</code>, or in the file that <code>PROBES_FILE</code> names. <code>npm run validate</code> checks them the same way.</p>`;
}

function correlations({ correlations }: StatusReport): Html {
  return html`<section class="correlations" aria-labelledby="correlations"><h2 id="correlations">Compared with each other</h2>
<ul class="plain">${correlations.map(({ text, probes }) => html`<li><p>${text}</p><p class="note">${probes.join(', ')}</p></li>`)}</ul></section>`;
}

function group(report: StatusReport, state: ProbeState, query: PageQuery): Html | undefined {
  const probes: readonly ProbeReport[] = report.probes.filter((probe) => probeState(report, probe) === state);
  if (probes.length === 0) return undefined;
  const id = `group-${state}`;
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${stateWords[state]} <span class="count">${probes.length}</span></h2>
<ul class="cards">${probes.map((probe) => probeCard(report, probe, query))}</ul></section>`;
}
