import { type Phase, phases } from '../../../transport/phase.ts';
import type { ProbeReport } from '../../report/statusReport.ts';
import { formatDuration } from '../formatTime.ts';
import { type Html, html } from '../html.ts';
import { phaseNames } from '../phaseNames.ts';
import { windowNames, windowWords } from './availabilityTable.ts';

/** Percentiles of the shortest window that has any, by phase: the legend of the latency chart at the same time. */
export function percentileTable(windows: ProbeReport['windows']): Html | undefined {
  const name = windowNames.find((candidate) => Object.keys(windows[candidate].percentiles).length > 0);
  if (name === undefined) return undefined;
  const { percentiles } = windows[name];
  const row = (phase: Phase | 'total') => {
    const values = percentiles[phase];
    return (
      values &&
      html`<tr class="${phase === 'total' ? 'total' : 'phase'}"><th scope="row">${phase === 'total' ? 'Whole run' : html`${swatch(phase)}${phaseNames[phase]}`}</th>${[values.p50, values.p95, values.p99].map((value) => html`<td>${formatDuration(value)}</td>`)}</tr>`
    );
  };
  return html`<table class="numbers">
<caption>Percentiles of ${windowWords[name]}</caption>
<thead><tr><td></td><th scope="col">p50</th><th scope="col">p95</th><th scope="col">p99</th></tr></thead>
<tbody>${phases.map(row)}${row('total')}</tbody>
</table>`;
}

function swatch(phase: Phase): Html {
  return html`<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="phase-${phase}" width="10" height="10" rx="2"/></svg>`;
}
