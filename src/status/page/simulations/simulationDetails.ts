import { type Verdict, verdicts } from '../../../outcomes/outcome.ts';
import { hasEnded } from '../../../simulations/simulation.ts';
import type { SimulationView } from '../../../simulations/simulationView.ts';
import { phases } from '../../../transport/phase.ts';
import { formatDuration, formatShare, timeAgo } from '../format.ts';
import { type Html, html } from '../html.ts';
import { apiLink, type PageContext } from '../pageContext.ts';
import { phaseNames } from '../phaseRail.ts';
import { percentileOf } from '../probe/percentileTable.ts';
import { splitReason } from '../probeSentence.ts';
import { stateLabel } from '../stateLabel.ts';
import { barTable } from './barTable.ts';
import { verdictTimeline } from './verdictTimeline.ts';

const maxReasons = 3;
const progressWidth = 1000;

/**
 * One simulation. The summary line has the number of finished devices and their verdicts; the body has reasons, timeline, latencies and
 * hubs. Open while it runs.
 */
export function simulationDetails(view: SimulationView, now: string, context: PageContext): Html {
  const { id, state, probe, devices, done, reason, reasons, createdAt, percentiles } = view;
  const ended = hasEnded(state);
  const hubs = Object.entries(view.hubs);
  return html`<details class="simulation" id="simulation-${id}"${!ended && html` open`}>
<summary><strong>${devices} devices of ${probe}</strong>${ended ? resultLabel(view) : html`<span class="tag">${state}</span>`}<span class="line">${done} of ${devices} done${countsInWords(view)} <span class="aside">${timeAgo(createdAt, now)}</span></span>${!ended && progress(view)}</summary>
<div class="simulation-body">
${(reason !== undefined || reasons.length > 0) && attention(view, context)}
<div>${verdictTimeline(view)}${percentiles.total && latencyByPhase(view)}</div>
<div>${figures(view)}${hubs.length > 0 && devicesByHub(hubs)}<p class="note"><a href="${apiLink(`simulations/${id}`, context)}">Simulation ${id} as JSON</a></p></div>
</div></details>`;
}

/** The worst verdict of a simulation that has ended. There is none if no device ran. */
function resultLabel({ verdicts: counts, state }: SimulationView): Html {
  const worst = (['failing', 'unknown', 'degraded', 'healthy'] as const).find((verdict) => counts[verdict] > 0);
  const isHealthy = worst === 'healthy' && state !== 'finished';
  return html`<span>${worst && !isHealthy && stateLabel(worst)}${state !== 'finished' && html` <span class="tag">${state}</span>`}</span>`;
}

/** `: 118 healthy, 2 failing, 30 cancelled` */
function countsInWords({ verdicts: counts, cancelled }: SimulationView): string {
  const parts = verdicts.filter((verdict) => counts[verdict] > 0).map((verdict) => `${counts[verdict]} ${verdict}`);
  if (cancelled > 0) parts.push(`${cancelled} cancelled`);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

/** The share of finished devices, by verdict. */
function progress({ verdicts: counts, devices }: SimulationView): Html {
  let left = 0;
  const parts = verdicts.map((verdict: Verdict) => {
    const wide = devices > 0 ? (counts[verdict] / devices) * progressWidth : 0;
    left += wide;
    return html`<rect class="${verdict}" x="${(left - wide).toFixed(1)}" y="0" width="${wide.toFixed(1)}" height="10"/>`;
  });
  return html`<svg class="progress" viewBox="0 0 ${progressWidth} 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="${progressWidth}" height="10"/>${parts}</svg>`;
}

function attention({ id, reason, reasons }: SimulationView, context: PageContext): Html {
  return html`<div class="attention">${reason !== undefined && html`<p>${reason}</p>`}
${reasons.slice(0, maxReasons).map(({ verdict, reason: code, count, examples }) => {
  const [example] = examples;
  const { what, next } = splitReason(example?.text ?? '');
  return html`<p class="what"><strong>${count} ${verdict}</strong> <code>${code}</code>${example && html`: ${what} <span class="note">${examples.map(({ registrationId }) => registrationId).join(', ')}</span>`}</p>${next !== undefined && html`<p class="next"><strong>Next step:</strong> ${next}</p>`}`;
})}
<p><a href="${apiLink(`simulations/${id}/outcomes`, context)}">The devices, failures first</a></p></div>`;
}

function latencyByPhase({ percentiles }: SimulationView): Html {
  const rows = phases.flatMap((phase) => {
    const values = percentiles[phase];
    if (!values) return [];
    const text = `${percentileOf(values, 'p50')} / ${percentileOf(values, 'p95')}`;
    return [{ name: phaseNames[phase], colour: `phase-${phase}`, value: values.p95, text }];
  });
  return barTable(rows, { caption: 'Latency by phase (p50 / p95)', columns: ['Phase', 'p95', 'p50 / p95'] });
}

function devicesByHub(hubs: readonly (readonly [string, number])[]): Html {
  const all = hubs.reduce((sum, [, count]) => sum + count, 0);
  const rows = hubs.map(([name, value]) => ({
    name,
    colour: 'healthy',
    value,
    text: `${value} (${formatShare(value / all)})`,
  }));
  return barTable(rows, { caption: 'Devices by hub', columns: ['Hub', 'Share', 'Devices'] });
}

function figures(view: SimulationView): Html {
  const { devicesPerSecond, percentiles, pace, estimatedSecondsLeft, state } = view;
  const facts: readonly (readonly [string, string] | undefined)[] = [
    devicesPerSecond === undefined ? undefined : ['devices per second', devicesPerSecond.toFixed(1)],
    percentiles.total && ['p95', percentileOf(percentiles.total, 'p95')],
    pace.throttled > 0 ? ['429 responses', String(pace.throttled)] : undefined,
    hasEnded(state) || estimatedSecondsLeft === undefined
      ? undefined
      : ['time left', formatDuration(estimatedSecondsLeft * 1000)],
  ];
  return html`<dl class="figures">${facts.map((fact) => fact && html`<div><dt>${fact[0]}</dt><dd>${fact[1]}</dd></div>`)}</dl>`;
}
