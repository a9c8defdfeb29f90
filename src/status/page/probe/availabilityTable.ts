import type { AvailabilityWindow, ProbeReport, WindowName } from '../../report/statusReport.ts';
import { formatShare } from '../formatShare.ts';
import { type Html, html } from '../html.ts';

type Windows = ProbeReport['windows'];

export const windowNames: readonly WindowName[] = ['24h', '7d', '30d'];

export const windowWords: { readonly [name in WindowName]: string } = {
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
};

/** The three figures, and apart from them how often nobody could tell: what is not known is neither up nor down. */
export function availabilityFigures(windows: Windows): Html {
  const { unknown, missed } = windows['30d'];
  const untold = [unknown > 0 && `${unknown} unknown`, missed > 0 && `${missed} missed`].filter(
    (part) => part !== false,
  );
  return html`<dl class="figures">${windowNames.map(
    (name) => html`<div><dt>${windowWords[name]}</dt><dd>${shareOf(windows[name])}</dd></div>`,
  )}</dl>${untold.length > 0 && html`<p class="note">Not counted in 30 days: ${untold.join(', ')}</p>`}`;
}

/** All counts. A window a column, so that it fits a phone. */
export function availabilityTable(windows: Windows): Html {
  const row = (title: string, value: (window: AvailabilityWindow) => string | number, kind?: string) =>
    html`<tr class="${kind ?? 'count'}"><th scope="row">${title}</th>${windowNames.map((name) => html`<td>${value(windows[name])}</td>`)}</tr>`;
  return html`<table class="numbers">
<caption class="unseen">Availability and counts of runs</caption>
<thead><tr><td></td>${windowNames.map((name) => html`<th scope="col">${windowWords[name]}</th>`)}</tr></thead>
<tbody>${row('Availability', shareOf, 'total')}
${row('Healthy', (window) => window.healthy)}
${row('Degraded', (window) => window.degraded)}
${row('Failing', (window) => window.failing)}</tbody>
<tbody class="apart">${row('Unknown', (window) => window.unknown)}
${row('Missed', (window) => window.missed)}</tbody>
</table>
<p class="note">Availability is healthy and degraded runs among those that could tell. Unknown (we could not look) and missed (no run when one was due) count neither as up nor as down.</p>`;
}

function shareOf({ availability }: AvailabilityWindow): string {
  return availability === undefined ? '–' : formatShare(availability);
}
