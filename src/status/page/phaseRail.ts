import type { Outcome, ProbeResult } from '../../outcomes/outcome.ts';
import { type Phase, phases } from '../../transport/phase.ts';
import { type Html, html } from './html.ts';

/** Display names of the phases. */
export const phaseNames: { readonly [phase in Phase]: string } = {
  keyVault: 'Key Vault',
  dns: 'DNS',
  tcp: 'TCP',
  tls: 'TLS',
  webSocket: 'WebSocket',
  mqttConnect: 'MQTT connect',
  subscribe: 'Subscribe',
  register: 'Register',
  assign: 'Assign',
  hub: 'Hub',
};

/** The phase in which a run ended before it was assigned, and whether it was refused as expected. */
export interface Stop {
  readonly phase: Phase;
  readonly words: 'stopped here' | 'refused here, as expected';
}

/** Undefined when the run completed every phase or entered none. */
export function stopOf({ result, verdict }: Pick<Outcome, 'result' | 'verdict'>): Stop | undefined {
  const phase = stoppedAt(result);
  if (phase === undefined) return undefined;
  const isExpected = verdict === 'healthy' || verdict === 'degraded';
  return { phase, words: isExpected ? 'refused here, as expected' : 'stopped here' };
}

/** The phase in which a run ended early; undefined when it completed every phase or entered none. */
export function stoppedAt(result: ProbeResult): Phase | undefined {
  return result.kind === 'assigned' ? undefined : result.phase;
}

/** The phases of a run in a row: passed, stopped here, not reached. */
export function phaseRail(outcome: Outcome): Html {
  const stop = stopOf(outcome);
  // A run that entered no phase has passed none.
  const end = outcome.result.kind === 'assigned' ? phases.length : stop ? phases.indexOf(stop.phase) : 0;
  return html`<ol class="rail" aria-label="Phases of the run">${shownPhases(outcome).map((phase) => station(phase, stop, phases.indexOf(phase) < end))}</ol>`;
}

/** The phases that the run entered, stopped in or did not reach, without optional ones that it did not need. */
export function shownPhases(outcome: Outcome): readonly Phase[] {
  const stop = stoppedAt(outcome.result);
  const optional: readonly Phase[] = ['webSocket', 'hub'];
  return phases.filter((phase) => phase === stop || outcome.phases[phase] !== undefined || !optional.includes(phase));
}

function station(phase: Phase, stop: Stop | undefined, passed: boolean): Html {
  if (phase === stop?.phase) {
    const kind = stop.words === 'stopped here' ? 'stopped' : 'refused';
    return html`<li class="${kind}">${phaseNames[phase]}<span class="unseen"> (${stop.words})</span></li>`;
  }
  return passed
    ? html`<li class="passed">${phaseNames[phase]}<span class="unseen"> (passed)</span></li>`
    : html`<li class="ahead">${phaseNames[phase]}<span class="unseen"> (not reached)</span></li>`;
}
