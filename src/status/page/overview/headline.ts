import {
  isWronglyAccepted,
  type ProbeReport,
  type ProbeState,
  probeState,
  type StatusReport,
  statesByUrgency,
} from '../../report/statusReport.ts';
import { formatClock } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type PageContext, probeLink } from '../pageContext.ts';
import { phaseNames, stoppedAt } from '../phaseRail.ts';
import { cannotProvision, probeSentence, sinceInWords } from '../probeSentence.ts';
import { isSilent } from './appNotices.ts';

/** The sentence at the top of the page, and its state. */
export interface Headline {
  readonly state: ProbeState;
  readonly text: string;
  /** One or two more sentences. */
  readonly more?: string;
  /** The probes that `text` is about. */
  readonly affected: readonly ProbeReport[];
}

const securityIncident = 'Treat this as a security incident.';

/** The worst state of all probes, and how many probes are in it. `nextRunAt`: ISO 8601, when the timer fires next. */
export function headline(report: StatusReport, nextRunAt?: string): Headline {
  const { probes } = report;
  if (report.storageFault !== undefined) {
    return {
      state: 'unknown',
      text: 'The history cannot be read, so this page cannot show any state',
      more: 'The probes still run, and their outcomes still reach Application Insights and the log.',
      affected: [],
    };
  }
  if (probes.length === 0) return { state: 'none', text: 'No probe is configured', affected: [] };
  const state =
    statesByUrgency.find((candidate) => probes.some((probe) => probeState(report, probe) === candidate)) ?? 'none';
  const inState = probes.filter((probe) => probeState(report, probe) === state);
  if (state === 'none') return isSilent(report) ? noScheduledRun : noDataYet(report, nextRunAt);
  if (state === 'healthy') return allHealthy(probes);
  const accepted = inState.filter(isWronglyAccepted);
  const affected = accepted.length > 0 ? accepted : inState;
  const [first] = affected;
  const text =
    affected.length === 1 && first ? `${first.name} ${probeSentence(report, first)}` : several(affected, state, report);
  const more = [accepted.length > 0 && securityIncident, others(report, affected)].filter((part) => part !== false);
  return { state, text, affected, ...(more.join('') !== '' && { more: more.join(' ').trim() }) };
}

function several(affected: readonly ProbeReport[], state: ProbeState, report: StatusReport): string {
  const all = affected.length === report.probes.length;
  const count = all ? `All ${affected.length} probes` : `${affected.length} of ${report.probes.length} probes`;
  const [since] = affected.flatMap((probe) => probe.since ?? []).toSorted();
  const first = since === undefined ? '' : `, the first${sinceInWords(since, report.generatedAt)}`;
  switch (state) {
    case 'failing':
      if (affected.every(isWronglyAccepted)) return `${count} were accepted but should not be${first}`;
      return `${count} ${affected.every(cannotProvision) ? 'cannot provision' : 'are failing'}${first}`;
    case 'degraded':
      return `${count} are degraded${first}`;
    case 'missed':
      return `${count} have not run when they were due`;
    default:
      return `${count} could not be checked${first}`;
  }
}

/** `3 others are healthy, 1 is degraded.`; empty when there are no others. */
function others(report: StatusReport, affected: readonly ProbeReport[]): string {
  const words = {
    failing: 'failing',
    unknown: 'unknown',
    missed: 'without a run',
    degraded: 'degraded',
    none: 'without data',
    healthy: 'healthy',
  };
  const rest = report.probes.filter((probe) => !affected.includes(probe));
  const parts = statesByUrgency
    .toReversed()
    .map((state) => ({ state, count: rest.filter((probe) => probeState(report, probe) === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }, index) => {
      const who = index > 0 ? '' : count === 1 ? ' other' : ' others';
      return `${count}${who} ${count === 1 ? 'is' : 'are'} ${words[state]}`;
    });
  return parts.length === 0 ? '' : `${parts.join(', ')}.`;
}

function allHealthy(probes: readonly ProbeReport[]): Headline {
  const count = probes.length === 1 ? 'The one probe is' : `All ${probes.length} probes are`;
  const provisions = probes.some((probe) => probe.last?.result.kind === 'assigned');
  return provisions
    ? { state: 'healthy', text: 'Devices can provision', more: `${count} healthy.`, affected: [] }
    : { state: 'healthy', text: `${count} healthy`, affected: [] };
}

const noScheduledRun: Headline = {
  state: 'missed',
  text: 'No scheduled run has started, so there is no data',
  affected: [],
};

function noDataYet(report: StatusReport, nextRunAt: string | undefined): Headline {
  const when = nextRunAt === undefined ? 'with the next scheduled run' : `at ${nextRunAt.slice(11, 16)} UTC`;
  return {
    state: 'none',
    text: 'No data yet',
    more: `The first run of ${report.probes.length === 1 ? 'the probe' : 'each probe'} is due ${when}. Its outcome appears here.`,
    affected: [],
  };
}

/** Below the headline: the phase in which its probe stops, or the list of the probes it counts. */
export function affectedProbes({ affected }: Headline, report: StatusReport, context: PageContext): Html | undefined {
  const [only] = affected;
  if (only === undefined) return undefined;
  if (affected.length === 1) {
    const stop = stopName(only);
    return stop === undefined ? undefined : html`<p>It stops at <strong>${stop}</strong>.</p>`;
  }
  return html`<ul class="hero-list">${affected.map((probe) => {
    const stop = stopName(probe);
    const since = probe.since !== undefined && html`, since ${formatClock(probe.since, report.generatedAt)}`;
    return html`<li><a href="${probeLink(context, probe)}">${probe.name}</a>${stop && html` stops at <strong>${stop}</strong>`}${since}</li>`;
  })}</ul>`;
}

function stopName({ last }: ProbeReport): string | undefined {
  const phase = last && stoppedAt(last.result);
  return phase && phaseNames[phase];
}
