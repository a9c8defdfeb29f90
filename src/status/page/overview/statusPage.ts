import { filterReport } from '../../report/filterReport.ts';
import { probeState, type StatusReport } from '../../report/statusReport.ts';
import { type Html, html } from '../html.ts';
import { type PageContext, pageLink, publicPage } from '../pageContext.ts';
import { type RenderedPage, renderPage } from '../pageShell.ts';
import { splitReason } from '../probeSentence.ts';
import { stateIcon } from '../stateLabel.ts';
import { appNotices } from './appNotices.ts';
import { filters } from './filters.ts';
import { affectedProbes, headline } from './headline.ts';
import { probeCard } from './probeCard.ts';
import { byUrgency, summaryTable } from './summaryTable.ts';
import { webhookSection } from './webhookSection.ts';

/** Another section below the probes, such as simulations. */
export interface PageSection {
  /** For the heading's anchor. */
  readonly id: string;
  readonly title: string;
  readonly content: Html;
  /** How often to reload the page while the section changes. */
  readonly refreshSeconds?: number;
}

export interface StatusPageOptions {
  readonly context?: PageContext;
  /** ISO 8601: when the timer fires next. Shown while there is no outcome yet. */
  readonly nextRunAt?: string;
  readonly sections?: readonly PageSection[];
}

/** Long enough to read the page, and short enough for a wall display. */
const defaultRefreshSeconds = 60;
/** Limits the cards in a large outage; the table lists all probes. */
const maxCards = 12;

/** `GET /api/status`: all probes, the most urgent first. */
export function renderStatusPage(whole: StatusReport, options: StatusPageOptions = {}): RenderedPage {
  const { context = publicPage, sections = [] } = options;
  const report = filterReport(whole, context);
  const top = headline(report, options.nextRunAt);
  const { state, more } = top;
  const text = report.probes.length === 0 && whole.probes.length > 0 ? noMatch(context) : top.text;
  const refresh = refreshOf(context, sections);
  return renderPage({
    title: text,
    state,
    now: report.generatedAt,
    location: report.location,
    context,
    ...(refresh.seconds !== undefined && { refreshSeconds: refresh.seconds }),
    main: html`<div class="hero ${state}">${stateIcon(state)}<div><h1>${text}</h1>
${affectedProbes(top, report, context)}
${more !== undefined && html`<p>${more}</p>`}
${report.storageFault !== undefined && storageError(report.storageFault)}
${whole.probes.length === 0 && noProbes()}</div></div>
<p class="refresh">${refresh.words}</p>
${filters(whole, context)}
${appNotices(report)}
${report.correlations.length > 0 && correlations(report)}
${report.probes.length > 0 && html`<section aria-labelledby="probes"><h2 id="probes">Probes <span class="count">${report.probes.length}</span></h2>${summaryTable(report, context)}</section>`}
${cards(report, context)}
${sections.map(({ id, title, content }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`)}
${webhookSection(report.webhook, report.generatedAt)}`,
  });
}

function noMatch({ tag, location }: PageContext): string {
  const where = location === undefined ? '' : ` at ${location}`;
  return `No probe${tag === undefined ? '' : ` has the tag ${tag}`}${tag === undefined ? ` runs${where}` : where}`;
}

/** A page that reloads itself can be paused (WCAG 2.2, success criteria 2.2.1 and 2.2.2). */
function refreshOf(context: PageContext, sections: readonly PageSection[]) {
  if (context.refresh === 'off') {
    const link = pageLink(context, { refresh: undefined });
    return { seconds: undefined, words: html`Paused · <a href="${link}">Refresh every minute</a>` };
  }
  const wanted = sections.flatMap(({ refreshSeconds }) => refreshSeconds ?? []);
  const seconds = context.refresh ?? Math.min(defaultRefreshSeconds, ...wanted);
  const every = seconds === 60 ? 'minute' : `${seconds} seconds`;
  const words = html`Refreshes every ${every} · <a href="${pageLink(context, { refresh: 'off' })}">Pause</a>`;
  return { seconds, words };
}

function storageError(error: string): Html {
  return html`<p class="what">${splitReason(error).what}.</p>
<p class="next"><strong>Next step:</strong> Check that OutcomesStorage is reachable, and that this app’s identity has the role Storage Table Data Contributor. Until then use the availability results in Application Insights.</p>`;
}

function noProbes(): Html {
  return html`<p class="next"><strong>Next step:</strong> Describe the devices to simulate in the setting <code>PROBES</code>, or in the file that <code>PROBES_FILE</code> names. <code>npm run validate</code> checks them the same way.</p>`;
}

function correlations({ correlations }: StatusReport): Html {
  return html`<section class="correlations" aria-labelledby="correlations"><h2 id="correlations">Compared with each other</h2>
<ul class="plain">${correlations.map(({ text, probes }) => html`<li><p>${text}</p><p class="note">${probes.join(', ')}</p></li>`)}</ul></section>`;
}

/** Cards only for probes that need attention; the table lists the others. */
function cards(report: StatusReport, context: PageContext): Html | undefined {
  if (report.storageFault !== undefined) return undefined;
  const urgent = byUrgency(report).filter((probe) => !['healthy', 'none'].includes(probeState(report, probe)));
  if (urgent.length === 0) return undefined;
  const left = urgent.length - maxCards;
  return html`<section aria-labelledby="attention"><h2 id="attention">Needs attention <span class="count">${urgent.length}</span></h2>
<ul class="cards">${urgent.slice(0, maxCards).map((probe) => probeCard(report, probe, context))}</ul>
${left > 0 && html`<p class="note">The table above lists ${left} more, each with a link to its page.</p>`}</section>`;
}
