import type { Outcome } from '../../../outcomes/outcome.ts';
import { type Phase, phases } from '../../../transport/phase.ts';
import { type Html, html } from '../html.ts';
import { phaseNames, stoppedAt } from '../phaseNames.ts';

/** A device's way into its hub as a line of stations: passed, stopped here, not reached. */
export function phaseRail(outcome: Outcome): Html {
  const stop = stoppedAt(outcome.result);
  return html`<ol class="rail" aria-label="How far it came">${phasesOnTheWay(outcome).map((phase) => station(phase, stop))}</ol>`;
}

/** Those that were entered, the one where it stopped, and those that would have followed. */
export function phasesOnTheWay(outcome: Outcome): readonly Phase[] {
  const stop = stoppedAt(outcome.result);
  const optional: readonly Phase[] = ['webSocket', 'hub'];
  return phases.filter((phase) => phase === stop || outcome.phases[phase] !== undefined || !optional.includes(phase));
}

function station(phase: Phase, stop: Phase | undefined): Html {
  if (phase === stop)
    return html`<li class="stopped">${phaseNames[phase]}<span class="unseen"> (stopped here)</span></li>`;
  const passed = stop === undefined || phases.indexOf(phase) < phases.indexOf(stop);
  return passed
    ? html`<li class="passed">${phaseNames[phase]}<span class="unseen"> (passed)</span></li>`
    : html`<li class="ahead">${phaseNames[phase]}<span class="unseen"> (not reached)</span></li>`;
}
