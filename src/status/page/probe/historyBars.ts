import type { HistoryBar, ProbeReport } from '../../report/statusReport.ts';
import { formatClock, formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type PageContext, runLink } from '../pageContext.ts';
import { stateWords } from '../stateLabel.ts';

/** As many as a report has. The latency chart uses the same slots, so that a run has the same column in both. */
export const historySlots = 90;
export const slotWidth = 10;

const height = 36;

/** Worse verdicts have taller bars, so that failures are visible without colour. */
const barHeights: { readonly [verdict in HistoryBar['verdict']]: number } = {
  healthy: 20,
  degraded: 27,
  failing: 36,
  unknown: 13,
  missed: 3,
};

/** The newest runs as bars, newest on the right. Each has a tooltip with time and verdict, and links to its page. */
export function historyBars(probe: ProbeReport, now: string, context: PageContext): Html {
  const newest = probe.bars.slice(-historySlots);
  const empty = historySlots - newest.length;
  const words = historyInWords(newest);
  // Screen readers ignore the children of an image, so with links the role is a group.
  const role = context.access === 'public' ? 'img' : 'group';
  return html`<figure class="history">
<svg viewBox="0 0 ${historySlots * slotWidth} ${height}" preserveAspectRatio="none" role="${role}" aria-label="${words}">
<path class="empty" d="${emptySlots(empty)}"/>
${newest.map((bar, index) => barOf(bar, (empty + index) * slotWidth, now, runLink(context, probe, bar.runId)))}</svg>
<figcaption>${words}${newest[0] && html` <span class="from">since ${formatClock(newest[0].startedAt, now)}</span>`}</figcaption>
</figure>`;
}

/** Not a tab stop, because ninety would block keyboard users; the rest of the page links the important runs. */
function barOf(bar: HistoryBar, left: number, now: string, link: string | undefined): Html {
  const tall = barHeights[bar.verdict];
  const title = html`<title>${barInWords(bar, now)}</title>`;
  const rect = (content: Html | undefined) =>
    html`<rect class="${bar.verdict}" x="${left + 1.5}" y="${height - tall}" width="7" height="${tall}">${content}</rect>`;
  return link === undefined ? rect(title) : html`<a href="${link}" tabindex="-1">${title}${rect(undefined)}</a>`;
}

function emptySlots(count: number): string {
  return Array.from({ length: count }, (_, slot) => `M${slot * slotWidth + 1.5} ${height - 2}h7v2h-7z`).join('');
}

function barInWords(bar: HistoryBar, now: string): string {
  const duration = bar.durationMs === undefined ? '' : `, ${formatDuration(bar.durationMs)}`;
  const reason = bar.reason === undefined ? '' : `. ${shorten(bar.reason)}`;
  return `${formatClock(bar.startedAt, now)}: ${stateWords[bar.verdict].toLowerCase()}${duration}${reason}`;
}

/** `Last 90 runs: 85 healthy, 5 failing`. */
function historyInWords(bars: readonly HistoryBar[]): string {
  if (bars.length === 0) return 'No run yet';
  const verdicts = ['failing', 'unknown', 'missed', 'degraded', 'healthy'] as const;
  const counts = verdicts
    .map((verdict) => [bars.filter((bar) => bar.verdict === verdict).length, verdict] as const)
    .filter(([count]) => count > 0);
  const only = counts.length === 1 ? counts[0] : undefined;
  const runs = bars.length === 1 ? 'Last run' : `Last ${bars.length} runs`;
  return only
    ? `${runs}: ${bars.length === 1 ? '' : 'all '}${only[1]}`
    : `${runs}: ${counts.map((count) => count.join(' ')).join(', ')}`;
}

function shorten(text: string): string {
  return text.length > 160 ? `${text.slice(0, 159).toWellFormed()}…` : text;
}
