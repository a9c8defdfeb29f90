import { verdicts } from '../../../outcomes/outcome.ts';
import type { SimulationReport } from '../../../simulations/simulation.ts';
import { formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';

/** Limits the width of the bars of a short simulation. */
const minSlots = 20;
const slotWidth = 10;
const barWidth = 8;
const height = 36;
const bottomUp = ['healthy', 'degraded', 'unknown', 'failing'] as const;

/** Devices by completion time, stacked by verdict: shows the speed, and when devices began to fail. */
export function verdictTimeline({ timeline, timelineStepSeconds }: SimulationReport): Html | undefined {
  const peak = Math.max(0, ...timeline.map(([, ...counts]) => sumOf(counts)));
  if (peak === 0) return undefined;
  const slots = Math.max(minSlots, (timeline.at(-1)?.[0] ?? 0) / timelineStepSeconds + 1);
  const per = timelineStepSeconds === 1 ? 'second' : inWords(timelineStepSeconds);
  const words = `Devices completed per ${per} (peak ${peak})`;
  return html`<figure class="history">
<svg viewBox="0 0 ${slots * slotWidth} ${height}" preserveAspectRatio="none" role="img" aria-label="${words}">
${timeline.map(([second, ...counts]) => bar(second, timelineStepSeconds, counts, peak))}</svg>
<figcaption>${words}</figcaption>
</figure>`;
}

function bar(second: number, stepSeconds: number, counts: readonly number[], peak: number): Html {
  const x = (second / stepSeconds) * slotWidth + (slotWidth - barWidth) / 2;
  const countOf = (verdict: (typeof bottomUp)[number]) => counts[verdicts.indexOf(verdict)] ?? 0;
  const title = `${inWords(second)} to ${inWords(second + stepSeconds)}: ${bottomUp
    .filter((verdict) => countOf(verdict) > 0)
    .map((verdict) => `${countOf(verdict)} ${verdict}`)
    .join(', ')}`;
  let top = height;
  return html`<g><title>${title}</title>${bottomUp.map((verdict) => {
    const barHeight = (countOf(verdict) / peak) * height;
    if (barHeight === 0) return undefined;
    top -= barHeight;
    return html`<rect class="${verdict}" x="${x.toFixed(1)}" y="${top.toFixed(2)}" width="${barWidth}" height="${barHeight.toFixed(2)}"/>`;
  })}</g>`;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function inWords(seconds: number): string {
  return formatDuration(seconds * 1000);
}
