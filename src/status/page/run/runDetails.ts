import type { Outcome } from '../../../outcomes/outcome.ts';
import { reasonCode } from '../../../outcomes/reasonCode.ts';
import type { TranscriptEntry } from '../../../transport/recorder.ts';
import type { ProbeReport } from '../../report/statusReport.ts';
import { formatClock, formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type PageContext, runLink } from '../pageContext.ts';
import { phaseRail } from '../phaseRail.ts';
import { reasonParagraphs, splitReason } from '../probeSentence.ts';
import { stateLabel } from '../stateLabel.ts';

/** Groups consecutive runs with the same summary, which are shown as one line. */
export function runGroups(outcomes: readonly Outcome[]): readonly (readonly Outcome[])[] {
  const groups: Outcome[][] = [];
  for (const outcome of outcomes) {
    const group = groups.at(-1);
    if (group?.[0] && summaryOf(group[0]) === summaryOf(outcome)) group.push(outcome);
    else groups.push([outcome]);
  }
  return groups;
}

/** A group of runs that were not healthy, newest first: a line to open, with the reasons, phases and transcript of the newest run. */
export function runDetails(
  [newest, ...older]: readonly Outcome[],
  probe: ProbeReport,
  now: string,
  context: PageContext,
): Html | undefined {
  if (newest === undefined) return undefined;
  const oldest = older.at(-1);
  const times = oldest
    ? html`${formatClock(oldest.startedAt, now)} to ${formatClock(newest.startedAt, now)} <span class="tag">${older.length + 1} runs</span>`
    : formatClock(newest.startedAt, now);
  const link = runLink(context, probe, newest.runId);
  return html`<li><details class="failure">
<summary>${stateLabel(newest.verdict)} <time datetime="${newest.startedAt}">${times}</time> <span class="line">${summaryOf(newest)}</span></summary>
<div class="failure-body">
${reasonParagraphs(newest.reasons)}
${phaseRail(newest)}
${transcriptTable(newest.transcript ?? [])}
<p class="note">Run ${link === undefined ? html`<code>${newest.runId}</code>` : html`<a href="${link}"><code>${newest.runId}</code></a>`}, started by ${newest.trigger}, took ${formatDuration(newest.durationMs)}${older.length > 0 && '; the newest of these runs'}</p>
</div>
</details></li>`;
}

/** The reason of an assigned run; the reason code of any other. */
function summaryOf(outcome: Outcome): string {
  const [reason] = outcome.reasons;
  if (outcome.result.kind !== 'assigned' || reason === undefined) return reasonCode(outcome);
  return splitReason(reason).what.replace(/\d+(?:\.\d+)?/, '…');
}

/** Topics, statuses, sizes and times; never a payload or a credential. */
export function transcriptTable(entries: readonly TranscriptEntry[]): Html {
  if (entries.length === 0) return html`<p class="note">No transcript: no packet was sent or received.</p>`;
  return html`<table class="transcript">
<caption>Transcript (no payloads, no credentials)</caption>
<thead><tr><th scope="col">At</th><th scope="col">Direction</th><th scope="col">What</th></tr></thead>
<tbody>${entries.map(
    (entry) =>
      html`<tr class="${entry.direction}"><td>${formatDuration(entry.atMs)}</td><td>${entry.direction}</td><td><strong>${entry.what}</strong>${entry.topic !== undefined && html` <code>${entry.topic}</code>`}${factsOf(entry)}</td></tr>`,
  )}</tbody></table>`;
}

function factsOf({ status, bytes, detail }: TranscriptEntry): string {
  const facts = [status !== undefined && `status ${status}`, bytes !== undefined && `${bytes} bytes`, detail];
  const present = facts.filter((fact) => fact !== false && fact !== undefined);
  return present.length === 0 ? '' : ` ${present.join(', ')}`;
}
