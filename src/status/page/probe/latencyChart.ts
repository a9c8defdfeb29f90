import { type Phase, phases } from '../../../transport/phase.ts';
import type { HistoryBar, ProbeReport } from '../../report/statusReport.ts';
import { formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';
import { phaseNames } from '../phaseRail.ts';
import { historySlots, slotWidth } from './historyBars.ts';

const height = 100;

/** A phase, or the waiting that the service asked for, which is drawn separately. */
type Layer = Phase | 'waiting';
const layers: readonly Layer[] = phases.flatMap((phase) =>
  phase === 'assign' ? [phase, 'waiting' as const] : [phase],
);
const layerNames: { readonly [layer in Layer]: string } = { ...phaseNames, waiting: 'Waiting (retry-after)' };

/**
 * Latency of the newest runs, stacked by phase in order. Drawn back to front: each layer is the time up to the end of its phase, and the
 * next layer covers its beginning.
 */
export function latencyChart({ bars, withinSeconds }: ProbeReport): Html | undefined {
  const newest = bars.slice(-historySlots);
  const limitMs = withinSeconds === undefined ? undefined : withinSeconds * 1000;
  const top = scaleTop(newest, limitMs);
  if (top === undefined) return undefined;
  const drawn = layers.filter((layer) => newest.some((bar) => timeIn(bar, layer) > 0));
  const above = newest.map((bar) => timeUntil(bar, 'hub')).filter((total) => total > top);
  const isLimitShown = limitMs !== undefined && limitMs <= top;
  return html`<figure class="latency">
<div class="plot"><div class="axis" aria-hidden="true"><span>${formatDuration(top)}</span><span>${formatDuration(top / 2)}</span><span>0</span></div>
<svg viewBox="0 0 ${historySlots * slotWidth} ${height}" preserveAspectRatio="none" role="img" aria-label="${latencyInWords(newest, drawn, limitMs)}">
<path class="grid" d="M0 0.5H${historySlots * slotWidth}M0 ${height / 2}H${historySlots * slotWidth}"/>
${drawn.toReversed().map((layer) => html`<path class="phase-${layer}" d="${outline(newest, layer, top)}"/>`)}
${above.length > 0 && html`<path class="above" d="${caps(newest, top)}"/>`}
${isLimitShown && html`<path class="limit" d="M0 ${(height - (limitMs / top) * height).toFixed(1)}H${historySlots * slotWidth}"/>`}</svg></div>
<figcaption>Latency by phase (0–${formatDuration(top)})<ul class="legend">${drawn.map((layer) => html`<li>${swatch(layer)}${layerNames[layer]}</li>`)}
${limitMs !== undefined && html`<li>${swatch('limit')}withinSeconds: ${formatDuration(limitMs)}${!isLimitShown && ', above this scale'}</li>`}
${above.length > 0 && html`<li>${swatch('above')}Longer than shown, up to ${formatDuration(Math.max(...above))}</li>`}</ul></figcaption>
</figure>`;
}

/** A square in the colour of a phase, for legends. */
export function swatch(layer: Layer | 'limit' | 'above'): Html {
  const shape =
    layer === 'limit'
      ? html`<path class="limit" d="M0 5H10"/>`
      : html`<rect class="${layer === 'above' ? layer : `phase-${layer}`}" width="10" height="10" rx="2"/>`;
  return html`<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">${shape}</svg>`;
}

/** The time up to the end of this layer, as a closed step line with one step per slot. */
function outline(bars: readonly HistoryBar[], layer: Layer, topMs: number): string {
  const left = (historySlots - bars.length) * slotWidth;
  const ys = bars.map((bar) => Math.round(height - (Math.min(timeUntil(bar, layer), topMs) / topMs) * height));
  return `M${left} ${height}${ys.map((y) => `V${y}h${slotWidth}`).join('')}V${height}z`;
}

function timeUntil(bar: HistoryBar, last: Layer): number {
  return layers.slice(0, layers.indexOf(last) + 1).reduce((sum, layer) => sum + timeIn(bar, layer), 0);
}

function timeIn({ phases: times, waitedMs = 0 }: HistoryBar, layer: Layer): number {
  const assign = Math.max(0, times?.assign ?? 0);
  const waited = Math.min(assign, Math.max(0, waitedMs));
  if (layer === 'waiting') return waited;
  return layer === 'assign' ? assign - waited : Math.max(0, times?.[layer] ?? 0);
}

/**
 * The top of the scale is a little above the 90th percentile; longer runs are cut and marked, because one timeout would make all other runs
 * too small. The limit is on the scale unless it would do the same.
 */
function scaleTop(bars: readonly HistoryBar[], limitMs = 0): number | undefined {
  const totals = bars.map((bar) => timeUntil(bar, 'hub')).filter((total) => total > 0 && Number.isFinite(total));
  const high = totals.toSorted((a, b) => a - b)[Math.ceil((totals.length - 1) * 0.9)];
  if (high === undefined) return undefined;
  return roundUp(limitMs <= high * 4 ? Math.max(high * 1.15, limitMs * 1.05) : high * 1.15);
}

/** To two digits, for a readable axis. */
function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value) - 1);
  return Math.ceil(value / unit) * unit;
}

function caps(bars: readonly HistoryBar[], topMs: number): string {
  const left = (historySlots - bars.length) * slotWidth;
  return bars
    .flatMap((bar, index) =>
      timeUntil(bar, 'hub') > topMs ? [`M${left + index * slotWidth} 0h${slotWidth}v5h-${slotWidth}z`] : [],
    )
    .join('');
}

function latencyInWords(bars: readonly HistoryBar[], drawn: readonly Layer[], limitMs: number | undefined): string {
  const totals = bars.map((bar) => timeUntil(bar, 'hub')).filter((total) => total > 0);
  const range = `${formatDuration(Math.min(...totals))} to ${formatDuration(Math.max(...totals))}`;
  const limit = limitMs === undefined ? '' : `; expected within ${formatDuration(limitMs)}`;
  return `Latency of the last ${totals.length} runs: ${range}, in ${drawn.map((layer) => layerNames[layer]).join(', ')}${limit}`;
}
