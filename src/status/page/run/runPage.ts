import type { Outcome } from '../../../outcomes/outcome.ts';
import { reasonCode } from '../../../outcomes/reasonCode.ts';
import type { ProbeReport, StatusReport } from '../../report/statusReport.ts';
import { formatClock } from '../format.ts';
import { type Html, html } from '../html.ts';
import { renderMessagePage } from '../messagePage.ts';
import { apiLink, overviewLink, type PageContext, probeLink } from '../pageContext.ts';
import { type RenderedPage, renderPage } from '../pageShell.ts';
import { phaseRail } from '../phaseRail.ts';
import { driftList } from '../probe/driftList.ts';
import { expiryList } from '../probe/expiryList.ts';
import { reasonParagraphs } from '../probeSentence.ts';
import { stateIcon, stateWords } from '../stateLabel.ts';
import { phaseChart } from './phaseChart.ts';
import { transcriptTable } from './runDetails.ts';
import { runFacts } from './runFacts.ts';

/** Context of a run's page: the report, and the run's probe if it is still configured. */
export interface RunPageOptions {
  readonly report: Pick<StatusReport, 'generatedAt' | 'location'>;
  readonly probe?: ProbeReport | undefined;
  readonly context: PageContext;
}

/** `GET /api/status?run=`: one run with everything that was recorded, including its transcript if it was stored. */
export function renderRunPage(outcome: Outcome, { report, probe, context }: RunPageOptions): RenderedPage {
  const { verdict, startedAt, reasons, notes = [], events = [], location } = outcome;
  const { generatedAt: now } = report;
  const words = `${outcome.probe} at ${formatClock(startedAt, now)}: ${stateWords[verdict].toLowerCase()}`;
  return renderPage({
    title: words,
    state: verdict,
    now,
    location,
    context,
    main: html`<nav aria-label="Breadcrumb"><a href="${overviewLink(context)}">All probes</a>${probe && html` › <a href="${probeLink(context, probe)}">${probe.name}</a>`}</nav>
<div class="hero ${verdict}">${stateIcon(verdict)}<div><h1>${words}</h1>
${reasonParagraphs(reasons)}
${reasons.length === 0 && html`<p><code>${reasonCode(outcome)}</code></p>`}
${phaseRail(outcome)}
</div></div>
${notes.length > 0 && section('notes', 'Notes', html`<ul class="plain">${notes.map((note) => html`<li>${note}</li>`)}</ul>`)}
<div class="columns">
${section('facts', 'Run', runFacts(outcome, now))}
${section('phases', 'Phases', phaseChart(outcome))}
${section('expiry', 'Expiry', expiryList(outcome, now))}
${events.length > 0 && section('changes', 'Changes', driftList([outcome], now))}
</div>
${section('transcript', 'Transcript', transcriptOf(outcome))}
<p class="note"><a href="${apiLink('outcomes', context, { probe: outcome.probe })}">Outcomes of this probe as JSON</a></p>`,
  });
}

/** For a run that does not exist, or whose retention period has passed. */
export function renderNoSuchRun(run: string, { report, context }: RunPageOptions): RenderedPage {
  const text = 'It does not exist, or its retention period has passed.';
  return renderMessagePage({ title: `No run has the ID ${run}`, text }, report, context);
}

function section(id: string, title: string, content: Html): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;
}

function transcriptOf({ transcript, verdict }: Outcome): Html {
  if (transcript === undefined && verdict === 'healthy') {
    return html`<p class="note">Not stored: only runs that are not healthy have a transcript.</p>`;
  }
  return transcriptTable(transcript ?? []);
}
