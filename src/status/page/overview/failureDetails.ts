import type { Outcome } from '../../../outcomes/outcome.ts';
import { reasonCode } from '../../../outcomes/reasonCode.ts';
import type { TranscriptEntry } from '../../../transport/transcript.ts';
import { formatClock, formatDuration } from '../formatTime.ts';
import { type Html, html } from '../html.ts';
import { phaseRail } from '../probe/phaseRail.ts';
import { reasonParagraphs } from '../probe/reasonParagraphs.ts';
import { stateLabel } from '../stateIcon.ts';

/** One run that was not healthy: a line to open, and inside it why, how far it came and what was said on the wire. */
export function failureDetails(outcome: Outcome, now: string): Html {
  return html`<li><details class="failure">
<summary>${stateLabel(outcome.verdict)} <time datetime="${outcome.startedAt}">${formatClock(outcome.startedAt, now)}</time> <code>${reasonCode(outcome)}</code></summary>
<div class="failure-body">
${reasonParagraphs(outcome.reasons)}
${phaseRail(outcome)}
${transcript(outcome.transcript ?? [])}
<p class="note">Run <code>${outcome.runId}</code>, ${outcome.trigger}, took ${formatDuration(outcome.durationMs)}</p>
</div>
</details></li>`;
}

/** Topics, statuses, sizes and times. What is secret was never in it. */
function transcript(entries: readonly TranscriptEntry[]): Html {
  if (entries.length === 0) return html`<p class="note">No transcript: nothing was said on the wire.</p>`;
  return html`<table class="transcript">
<caption>What was said on the wire (no payload, no credential)</caption>
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
