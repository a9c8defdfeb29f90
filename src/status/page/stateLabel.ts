import type { ProbeState } from '../report/statusReport.ts';
import { type Html, html } from './html.ts';

/** The word for each state, because symbol and colour alone are not accessible. */
export const stateWords: { readonly [state in ProbeState]: string } = {
  healthy: 'Healthy',
  degraded: 'Degraded',
  failing: 'Failing',
  unknown: 'Unknown',
  missed: 'No run',
  none: 'No data yet',
};

/** Each state has its own shape, so that none depends on colour: check mark, triangle, cross in an octagon, question mark, dash, ring. */
const shapes: { readonly [state in ProbeState]: Html } = {
  healthy: html`<circle class="shape" cx="12" cy="12" r="10"/><path class="mark" d="M7 12.5l3.5 3.5 6.5-7.5"/>`,
  degraded: html`<path class="shape" d="M12 2.2 22.6 21.2H1.4z"/><path class="mark" d="M12 9v5.6M12 17.7v.6"/>`,
  failing: html`<path class="shape" d="M7.8 2h8.4L22 7.8v8.4L16.2 22H7.8L2 16.2V7.8z"/><path class="mark" d="M8.3 8.3l7.4 7.4M15.7 8.3l-7.4 7.4"/>`,
  unknown: html`<circle class="shape" cx="12" cy="12" r="10"/><path class="mark" d="M9 9.4a3 3 0 1 1 4.3 2.7c-.9.5-1.3 1-1.3 2.1M12 17.3v.6"/>`,
  missed: html`<circle class="shape" cx="12" cy="12" r="10"/><path class="mark" d="M7.5 12h9"/>`,
  none: html`<circle class="ring" cx="12" cy="12" r="8.8"/>`,
};

/** Only the symbol, for use beside the word. */
export function stateIcon(state: ProbeState): Html {
  return html`<svg class="icon ${state}" viewBox="0 0 24 24" aria-hidden="true">${shapes[state]}</svg>`;
}

export function stateLabel(state: ProbeState): Html {
  return html`<span class="state ${state}">${stateIcon(state)}${stateWords[state]}</span>`;
}
