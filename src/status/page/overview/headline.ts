import { type ProbeState, probeState, statesByUrgency } from '../../report/probeState.ts';
import type { ProbeReport, StatusReport } from '../../report/statusReport.ts';
import { isShutOut, probeSentence, sinceInWords } from '../probeSentence.ts';

/** The one sentence at the top, and the state that it stands for. */
export interface Headline {
  readonly state: ProbeState;
  readonly text: string;
  /** What stands with it, in a second sentence. */
  readonly more?: string;
}

/** The worst that there is to say, and how many it concerns. `nextTickAt`: ISO 8601, when the timer fires next. */
export function headline(report: StatusReport, nextTickAt?: string): Headline {
  const { probes } = report;
  if (report.storageFault !== undefined) {
    return {
      state: 'unknown',
      text: 'The history cannot be read, so this page cannot tell',
      more: 'The probes go on, and their outcomes reach Application Insights.',
    };
  }
  const [only] = probes;
  if (only === undefined) return { state: 'none', text: 'No probe is configured' };
  const state =
    statesByUrgency.find((candidate) => probes.some((probe) => probeState(report, probe) === candidate)) ?? 'none';
  const concerned = probes.filter((probe) => probeState(report, probe) === state);
  const [first] = concerned;
  if (first === undefined || state === 'none') return noDataYet(report, nextTickAt);
  if (state === 'healthy') return allHealthy(probes);
  const text =
    concerned.length === 1 ? `${first.name} ${probeSentence(report, first)}` : several(concerned, state, report);
  return { state, text, ...others(report, state) };
}

function several(concerned: readonly ProbeReport[], state: ProbeState, report: StatusReport): string {
  const all = concerned.length === report.probes.length;
  const count = all ? `All ${concerned.length} probes` : `${concerned.length} of ${report.probes.length} probes`;
  const [since] = concerned.flatMap((probe) => probe.since ?? []).toSorted();
  const first = since === undefined ? '' : `, the first${sinceInWords(since, report.generatedAt)}`;
  switch (state) {
    case 'failing':
      return `${count} ${concerned.every(isShutOut) ? 'cannot provision' : 'fail'}${first}`;
    case 'degraded':
      return `${count} are degraded${first}`;
    case 'missed':
      return `${count} have not run when they were due`;
    default:
      return `${count} could not be checked${first}`;
  }
}

/** `3 others are healthy, 1 is degraded.` */
function others(report: StatusReport, state: ProbeState): Pick<Headline, 'more'> {
  const words = {
    failing: 'failing',
    unknown: 'unknown',
    missed: 'without a run',
    degraded: 'degraded',
    none: 'without data',
    healthy: 'healthy',
  };
  const counts = statesByUrgency
    .filter((candidate) => candidate !== state)
    .toReversed()
    .map((candidate) => ({
      candidate,
      count: report.probes.filter((probe) => probeState(report, probe) === candidate).length,
    }))
    .filter(({ count }) => count > 0);
  if (counts.length === 0) return {};
  const parts = counts.map(
    ({ candidate, count }, index) =>
      `${count}${index === 0 ? (count === 1 ? ' other' : ' others') : ''} ${count === 1 ? 'is' : 'are'} ${words[candidate]}`,
  );
  return { more: `${parts.join(', ')}.` };
}

function allHealthy(probes: readonly ProbeReport[]): Headline {
  const count = probes.length === 1 ? 'The one probe is' : `All ${probes.length} probes are`;
  const provisions = probes.some((probe) => probe.last?.result.kind === 'assigned');
  return provisions
    ? { state: 'healthy', text: 'Devices can provision', more: `${count} healthy.` }
    : { state: 'healthy', text: `${count} healthy` };
}

function noDataYet(report: StatusReport, nextTickAt: string | undefined): Headline {
  const when = nextTickAt === undefined ? 'with the next tick of the timer' : `at ${nextTickAt.slice(11, 16)} UTC`;
  return {
    state: 'none',
    text: 'No data yet',
    more: `The first outcome of ${report.probes.length === 1 ? 'the probe' : 'each probe'} comes ${when}. This page then shows it.`,
  };
}
