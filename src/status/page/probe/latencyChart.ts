import { type Phase, phases } from '../../../transport/phase.ts';
import type { HistoryBar } from '../../report/statusReport.ts';
import { formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';
import { phaseNames } from '../phaseRail.ts';
import { historySlots, slotWidth } from './historyBars.ts';

const height = 100;

/**
 * Latency of the newest runs, stacked by phase in the order in which a device goes through them. Drawn back to front: each layer
 * is the time up to the end of its phase, and the next one covers its beginning.
 */
export function latencyChart(bars: readonly HistoryBar[]): Html | undefined {
  const newest = bars.slice(-historySlots);
  const top = scaleTop(newest);
  if (top === undefined) return undefined;
  const entered = phases.filter((phase) => newest.some((bar) => bar.phases?.[phase] !== undefined));
  return html`<figure class="latency">
<svg viewBox="0 0 ${historySlots * slotWidth} ${height}" preserveAspectRatio="none" role="img" aria-label="${latencyInWords(newest, entered)}">
${entered.toReversed().map((phase) => html`<path class="phase-${phase}" d="${layer(newest, phase, top)}"/>`)}
<path class="clipped" d="${clipped(newest, top)}"/></svg>
<figcaption>Latency by phase (0–${formatDuration(top)})</figcaption>
</figure>`;
}

/** Up to the end of this phase, as a closed line of steps, one a slot. */
function layer(bars: readonly HistoryBar[], last: Phase, topMs: number): string {
  const left = (historySlots - bars.length) * slotWidth;
  const ys = bars.map((bar) => Math.round(height - (Math.min(timeUntil(bar, last), topMs) / topMs) * height));
  return `M${left} ${height}${ys.map((y) => `V${y}h${slotWidth}`).join('')}V${height}z`;
}

function timeUntil(bar: HistoryBar, last: Phase): number {
  return phases
    .slice(0, phases.indexOf(last) + 1)
    .reduce((sum, phase) => sum + Math.max(0, bar.phases?.[phase] ?? 0), 0);
}

/**
 * A run that waited a minute for its deadline would press all others flat: the top is a little above the 90th percentile, and
 * what is higher is cut and marked.
 */
function scaleTop(bars: readonly HistoryBar[]): number | undefined {
  const totals = bars.map((bar) => timeUntil(bar, 'hub')).filter((total) => total > 0 && Number.isFinite(total));
  const high = totals.toSorted((a, b) => a - b)[Math.floor((totals.length - 1) * 0.9)];
  return high === undefined ? undefined : roundUp(high * 1.15);
}

/** To two digits, so that the caption reads well. */
function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value) - 1);
  return Math.ceil(value / unit) * unit;
}

function clipped(bars: readonly HistoryBar[], topMs: number): string {
  const left = (historySlots - bars.length) * slotWidth;
  return bars
    .flatMap((bar, index) =>
      timeUntil(bar, 'hub') > topMs ? [`M${left + index * slotWidth} 0h${slotWidth}v4h-${slotWidth}z`] : [],
    )
    .join('');
}

function latencyInWords(bars: readonly HistoryBar[], entered: readonly Phase[]): string {
  const totals = bars.map((bar) => timeUntil(bar, 'hub')).filter((total) => total > 0);
  return `Latency of the last ${totals.length} runs: ${formatDuration(Math.min(...totals))} to ${formatDuration(Math.max(...totals))}, in ${entered.map((phase) => phaseNames[phase]).join(', ')}`;
}
