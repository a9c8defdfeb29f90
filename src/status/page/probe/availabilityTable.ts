import { type AvailabilityWindow, type ProbeReport, type WindowName, windowNames } from '../../report/statusReport.ts';
import { formatShare, formatSpan } from '../format.ts';
import { type Html, html } from '../html.ts';

export const windowWords: { readonly [name in WindowName]: string } = {
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
};

/** The availability of the three windows with the numbers of runs, and the runs that are not counted. */
export function availabilityFigures({ windows }: ProbeReport): Html {
  const { unknown, missed } = windows['30d'];
  const uncounted = [unknown > 0 && `${unknown} unknown`, missed > 0 && `${missed} missed`].filter(
    (part) => part !== false,
  );
  return html`<dl class="figures">${windowNames.map((name) => figure(name, windows[name]))}</dl>${uncounted.length > 0 && html`<p class="note">Not counted in 30 days: ${uncounted.join(', ')}</p>`}`;
}

function figure(name: WindowName, window: AvailabilityWindow): Html {
  return html`<div class="${window.complete ? 'known' : 'incomplete'}"><dt>${windowWords[name]}</dt><dd>${shareOf(window)} <span class="count">n = ${countedRuns(window)}</span></dd></div>`;
}

/** All counts, one column for each window, so that it fits a phone. `now`: ISO 8601. */
export function availabilityTable({ windows, firstRunAt }: ProbeReport, now: string): Html {
  const row = (title: string, value: (window: AvailabilityWindow) => string | number, kind = 'count') =>
    html`<tr class="${kind}"><th scope="row">${title}</th>${windowNames.map((name) => html`<td class="${windows[name].complete ? 'known' : 'incomplete'}">${value(windows[name])}</td>`)}</tr>`;
  const age = firstRunAt === undefined ? undefined : formatSpan(firstRunAt, now);
  const incomplete = windowNames.filter((name) => !windows[name].complete).map((name) => windowWords[name]);
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
${incomplete.length > 0 && age !== undefined && html`<p class="note">The first run was ${age} ago, so there is no availability yet for ${incomplete.join(', ')}.</p>`}
<p class="note">Availability = (healthy + degraded) ÷ (healthy + degraded + failing). Unknown (the probe could not run) and missed (no run when one was due) are left out.</p>`;
}

/** A dash until the data covers the whole window. */
export function shareOf({ availability, complete }: AvailabilityWindow): string {
  return availability === undefined || !complete ? '–' : formatShare(availability);
}

/** The number of runs that the availability is calculated from. */
export function countedRuns({ healthy, degraded, failing }: AvailabilityWindow): number {
  return healthy + degraded + failing;
}
