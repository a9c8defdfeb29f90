import type { Outcome } from '../../../outcomes/outcome.ts';
import type { Phase } from '../../../transport/phase.ts';
import { formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';
import { phaseNames, type Stop, shownPhases, stopOf } from '../phaseRail.ts';

const width = 1000;

/** The phases of one run as a waterfall chart. It is a table, for screen readers. */
export function phaseChart(outcome: Outcome): Html {
  const shown = shownPhases(outcome);
  const times = shown.map((phase) => Math.max(0, outcome.phases[phase] ?? 0));
  const total = times.reduce((sum, time) => sum + time, 0);
  const stop = stopOf(outcome);
  return html`<table class="waterfall">
<caption class="unseen">Time in each phase of the run, in order</caption>
<thead class="unseen"><tr><th scope="col">Phase</th><th scope="col">Share of the run</th><th scope="col">Time</th></tr></thead>
<tbody>${shown.map((phase, index) => {
    const before = times.slice(0, index).reduce((sum, time) => sum + time, 0);
    return row(phase, outcome, before, total, phase === stop?.phase ? stop : undefined);
  })}</tbody>
<tfoot><tr><th scope="row">Whole run</th><td></td><td>${formatDuration(outcome.durationMs)}</td></tr></tfoot>
</table>`;
}

function row(phase: Phase, outcome: Outcome, beforeMs: number, totalMs: number, stop: Stop | undefined): Html {
  const time = outcome.phases[phase];
  const waited = phase === 'assign' ? Math.min(outcome.waitedMs ?? 0, time ?? 0) : 0;
  const kind = stop && (stop.words === 'stopped here' ? 'stopped' : 'refused');
  return html`<tr class="${kind ?? (time === undefined ? 'ahead' : 'entered')}">
<th scope="row">${phaseNames[phase]}${stop && html` <strong>${stop.words}</strong>`}${waited > 0 && html` <span class="aside">waited ${formatDuration(waited)} (retry-after)</span>`}</th>
<td>${time !== undefined && bar(phase, beforeMs, time, waited, totalMs)}</td>
<td>${time === undefined ? (stop ? '' : 'not reached') : formatDuration(time)}</td></tr>`;
}

/** At least four units wide, so that short phases are visible. The waiting is at the end of its phase. */
function bar(phase: Phase, beforeMs: number, timeMs: number, waitedMs: number, totalMs: number): Html {
  const scale = totalMs > 0 ? width / totalMs : 0;
  const wide = Math.max(4, timeMs * scale);
  const left = Math.min(beforeMs * scale, width - wide);
  const waiting = waitedMs * scale;
  return html`<svg viewBox="0 0 ${width} 10" preserveAspectRatio="none" aria-hidden="true"><path class="track" d="M0 4.5h${width}v1H0z"/><rect class="phase-${phase}" x="${left.toFixed(1)}" y="0" width="${wide.toFixed(1)}" height="10"/>${waiting > 0 && html`<rect class="phase-waiting" x="${(left + wide - waiting).toFixed(1)}" y="0" width="${waiting.toFixed(1)}" height="10"/>`}</svg>`;
}
