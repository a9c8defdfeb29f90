import { type Phase, phases } from '../../../transport/phase.ts';
import { type Percentiles, type ProbeReport, windowNames } from '../../report/statusReport.ts';
import { formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';
import { phaseNames } from '../phaseRail.ts';
import { windowWords } from './availabilityTable.ts';
import { swatch } from './latencyChart.ts';

/** A percentile is shown only with this many runs, so that at least one run is above it. */
const minRuns = { p50: 2, p95: 20, p99: 100 } as const;

/** Percentiles by phase for the shortest window that has runs. */
export function percentileTable({ windows }: ProbeReport): Html | undefined {
  const name = windowNames.find((candidate) => windows[candidate].percentiles.total !== undefined);
  if (name === undefined) return undefined;
  const { percentiles } = windows[name];
  const runs = percentiles.total?.count ?? 0;
  const row = (phase: Phase | 'total') => {
    const values = percentiles[phase];
    if (values === undefined) return undefined;
    const title = phase === 'total' ? 'Whole run' : html`${swatch(phase)}${phaseNames[phase]}`;
    return html`<tr class="${phase === 'total' ? 'total' : 'phase'}"><th scope="row">${title}</th>${(['p50', 'p95', 'p99'] as const).map((percentile) => html`<td>${percentileOf(values, percentile)}</td>`)}</tr>`;
  };
  const short = Object.entries(minRuns).filter(([, count]) => runs < count);
  return html`<table class="numbers">
<caption>Percentiles of the last ${windowWords[name]} (n = ${runs})</caption>
<thead><tr><td></td><th scope="col">p50</th><th scope="col">p95</th><th scope="col">p99</th></tr></thead>
<tbody>${phases.map(row)}${row('total')}</tbody>
</table>
${short.length > 0 && html`<p class="note">Too few runs for ${short.map(([percentile, count]) => `${percentile} (needs ${count})`).join(', ')}.</p>`}`;
}

/** A dash when there are too few runs. */
export function percentileOf(values: Percentiles, percentile: 'p50' | 'p95' | 'p99'): string {
  return values.count < minRuns[percentile] ? '–' : formatDuration(values[percentile]);
}
