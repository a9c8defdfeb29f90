import { type Verdict, verdicts } from '../../../outcomes/outcome.ts';
import { hasEnded } from '../../../simulations/simulation.ts';
import type { SimulationView } from '../../../simulations/simulationView.ts';
import { phases } from '../../../transport/phase.ts';
import { formatDuration, formatShare, timeAgo } from '../format.ts';
import { type Html, html } from '../html.ts';
import { apiLink, type PageContext } from '../pageContext.ts';
import { phaseNames } from '../phaseRail.ts';
import { stateLabel } from '../stateLabel.ts';
import { barTable } from './barTable.ts';
import { verdictTimeline } from './verdictTimeline.ts';

const shownReasons = 3;

/** One simulation: how its devices fared, when, where the time went, and which hubs they were given. */
export function simulationCard(view: SimulationView, now: string, context: PageContext): Html {
  const { id, state, probe, devices, done, reason, createdAt } = view;
  const worst = worstVerdict(view);
  const ran = (view.percentiles.total?.count ?? 0) > 0;
  const hubs = Object.entries(view.hubs);
  return html`<li><article class="card ${worst ?? 'none'}" aria-labelledby="simulation-${id}">
<div class="card-head">
<h3 id="simulation-${id}"><a href="${apiLink(`simulations/${id}`, context)}">${devices} devices of ${probe}</a></h3>
${worst && stateLabel(worst)}<span class="tag">${state}</span>
<p class="where">${timeAgo(createdAt, now)} · ${done} of ${devices} have ended</p>
</div>
${(reason !== undefined || view.reasons.length > 0) && attention(view, context)}
<div class="card-charts">${verdictTimeline(view)}${ran && latencyByPhase(view)}</div>
<div class="card-figures">${figures(view)}${hubs.length > 0 && devicesByHub(hubs)}</div>
</article></li>`;
}

/** Undefined while nothing has ended. */
function worstVerdict({ verdicts: counts }: SimulationView): Verdict | undefined {
  return (['failing', 'unknown', 'degraded', 'healthy'] as const).find((verdict) => counts[verdict] > 0);
}

function attention({ id, reason, reasons }: SimulationView, context: PageContext): Html {
  return html`<div class="attention">${reason !== undefined && html`<p>${reason}</p>`}
${reasons
  .slice(0, shownReasons)
  .map(
    ({ verdict, reason: code, count, examples }) =>
      html`<p class="what"><strong>${count} ${verdict}</strong> <code>${code}</code>${examples[0] && html`: ${examples[0].text} <span class="note">${examples.map(({ registrationId }) => registrationId).join(', ')}</span>`}</p>`,
  )}
<p><a href="${apiLink(`simulations/${id}/outcomes`, context)}">The devices, failed ones first</a></p></div>`;
}

function latencyByPhase({ percentiles }: SimulationView): Html {
  const rows = phases.flatMap((phase) => {
    const values = percentiles[phase];
    if (!values) return [];
    const text = `${formatDuration(values.p50)} / ${formatDuration(values.p95)}`;
    return [{ name: phaseNames[phase], colour: `phase-${phase}`, value: values.p95, text }];
  });
  return barTable(rows, { caption: 'Latency by phase, p50 / p95', columns: ['Phase', 'p95', 'p50 / p95'] });
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
    ...verdicts.map((verdict) =>
      view.verdicts[verdict] > 0 ? ([verdict, String(view.verdicts[verdict])] as const) : undefined,
    ),
    devicesPerSecond === undefined ? undefined : ['a second', devicesPerSecond.toFixed(1)],
    percentiles.total && ['p95', formatDuration(percentiles.total.p95)],
    pace.throttled > 0 ? ['429 answers', String(pace.throttled)] : undefined,
    hasEnded(state) || estimatedSecondsLeft === undefined
      ? undefined
      : ['left', formatDuration(estimatedSecondsLeft * 1000)],
  ];
  return html`<dl class="figures">${facts.map((fact) => fact && html`<div><dt>${fact[0]}</dt><dd>${fact[1]}</dd></div>`)}</dl>`;
}
