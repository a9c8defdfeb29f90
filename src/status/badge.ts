import { makeBadge } from 'badge-maker';
import { formatShare } from './page/format.ts';
import { stateWords } from './page/stateLabel.ts';
import {
  isWronglyAccepted,
  type ProbeReport,
  type ProbeState,
  probeState,
  type StatusReport,
  type WindowName,
} from './report/statusReport.ts';

/** Dark enough for badge-maker's white text. */
const colors: { readonly [state in ProbeState]: string } = {
  healthy: '#2f7d4f',
  degraded: '#9a6700',
  failing: '#c42b21',
  unknown: '#5f6570',
  missed: '#5f6570',
  none: '#5f6570',
};

const windowsByLength: readonly (readonly [name: WindowName, words: string])[] = [
  ['30d', '30 d'],
  ['7d', '7 d'],
  ['24h', '24 h'],
];

/**
 * Renders a probe's state and its availability over the longest window that its data covers, as SVG. For an unknown name, `found` is false
 * and the badge shows that.
 */
export function renderBadge(report: StatusReport, name: string): { readonly found: boolean; readonly svg: string } {
  const probe = report.probes.find((candidate) => candidate.name === name);
  if (probe === undefined) return { found: false, svg: badge(name, 'no such probe', 'none') };
  const state = probeState(report, probe);
  const words = isWronglyAccepted(probe) ? 'wrongly accepted' : stateWords[state].toLowerCase();
  return { found: true, svg: badge(name, `${words}${availabilityOf(probe)}`, state) };
}

function availabilityOf({ windows }: ProbeReport): string {
  const [name, words] = windowsByLength.find(([candidate]) => windows[candidate].complete) ?? [];
  const availability = name && windows[name].availability;
  return availability === undefined ? '' : ` · ${formatShare(availability)} in ${words}`;
}

function badge(label: string, message: string, state: ProbeState): string {
  return makeBadge({ label, message, color: colors[state] });
}
