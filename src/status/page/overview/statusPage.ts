import { affectedProbes } from '../../report/affectedProbes.ts';
import { type ProbeState, probeState, statesByUrgency, stateWords } from '../../report/probeState.ts';
import type { ProbeReport, StatusReport } from '../../report/statusReport.ts';
import { type Html, html } from '../html.ts';
import { type PageQuery, pageLink } from '../pageLink.ts';
import type { PageResponse } from '../pageResponse.ts';
import { renderPage } from '../pageShell.ts';
import { stateIcon } from '../stateIcon.ts';
import { headline } from './headline.ts';
import { probeCard } from './probeCard.ts';

/** Something else to show below the probes, as simulations. */
export interface PageSection {
  /** For the heading's anchor. */
  readonly id: string;
  readonly title: string;
  readonly content: Html;
}

export interface StatusPageOptions {
  readonly query?: PageQuery;
  /** ISO 8601: when the timer fires next, for a deployment that has no outcome yet. */
  readonly nextTickAt?: string;
  readonly sections?: readonly PageSection[];
}

/** Long enough to read in, short enough for a screen on the wall: a fifth of the default schedule. */
const refreshSeconds = 60;

/** `GET /api/status`: all probes, those first that somebody has to do something about. */
export function renderStatusPage(report: StatusReport, options: StatusPageOptions = {}): PageResponse {
  const { query = {}, sections = [] } = options;
  const { state, text, more } = headline(report, options.nextTickAt);
  const refreshes = query.refresh !== 'off';
  return renderPage({
    title: text,
    state,
    now: report.generatedAt,
    location: report.location,
    query,
    ...(refreshes ? { refreshSeconds } : {}),
    main: html`<div class="hero ${state}">${stateIcon(state)}<div><h1>${text}</h1>
${affectedProbes(report, query)}
${more !== undefined && html`<p>${more}</p>`}
${report.storageFault !== undefined && storageFault(report.storageFault)}
${report.probes.length === 0 && noProbes()}</div></div>
<p class="refresh">${refreshLink(query, refreshes)}</p>
${report.correlations.length > 0 && correlations(report)}
${statesByUrgency.map((candidate) => group(report, candidate, query))}
${sections.map(({ id, title, content }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`)}`,
  });
}

/** A page that changes by itself can be told not to (WCAG 2.2, success criteria 2.2.1 and 2.2.2). */
function refreshLink(query: PageQuery, refreshes: boolean): Html {
  return refreshes
    ? html`This page renews itself every minute. <a href="${pageLink({ ...query, refresh: 'off' })}">Stop that</a>`
    : html`This page stays as it is. <a href="${pageLink({ code: query.code })}">Renew it every minute</a>`;
}

function storageFault(fault: string): Html {
  return html`<p class="what">${fault}</p>
<p class="next"><strong>Next step:</strong> Check that OutcomesStorage is reachable, and that this app’s identity has the role Storage Table Data Contributor. Until then look at the availability results in Application Insights.</p>`;
}

function noProbes(): Html {
  return html`<p class="next"><strong>Next step:</strong> Describe the devices to simulate in the setting <code>PROBES</code>, or in the file that <code>PROBES_FILE</code> names; <code>npm run validate</code> reads them as the app would.</p>`;
}

function correlations({ correlations }: StatusReport): Html {
  return html`<section class="correlations" aria-labelledby="correlations"><h2 id="correlations">Read together</h2>
<ul class="plain">${correlations.map(({ text, probes }) => html`<li><p>${text}</p><p class="note">${probes.join(', ')}</p></li>`)}</ul></section>`;
}

function group(report: StatusReport, state: ProbeState, query: PageQuery): Html | undefined {
  const probes: readonly ProbeReport[] = report.probes.filter((probe) => probeState(report, probe) === state);
  if (probes.length === 0) return undefined;
  const id = `group-${state}`;
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${stateWords[state]} <span class="count">${probes.length}</span></h2>
<ul class="cards">${probes.map((probe) => probeCard(report, probe, query))}</ul></section>`;
}
