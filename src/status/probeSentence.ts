import { formatClock, formatSpan } from './formatTime.ts';
import { type ProbeState, probeState } from './probeState.ts';
import type { ProbeReport } from './statusReport.ts';

/** How a probe stands, as the second half of a sentence that begins with its name: `cannot provision since 14:05 UTC (25 min)`. */
export function probeSentence(probe: ProbeReport, now: string): string {
  const state = probeState(probe);
  const since = state === 'missed' ? (probe.last?.startedAt ?? probe.since) : probe.since;
  return `${predicate(probe, state)}${since === undefined || state === 'healthy' || state === 'none' ? '' : sinceInWords(since, now)}`;
}

/** ` since 14:05 UTC (25 min)` */
export function sinceInWords(iso: string, now: string): string {
  const span = formatSpan(iso, now);
  return ` since ${formatClock(iso, now)}${span === undefined ? '' : ` (${span})`}`;
}

/** A failing probe whose device was assigned got too much (it was to be refused) or something else than expected. */
export function isShutOut(probe: ProbeReport): boolean {
  return probe.last?.verdict === 'failing' && probe.last.result.kind !== 'assigned';
}

function predicate(probe: ProbeReport, state: ProbeState): string {
  switch (state) {
    case 'failing':
      return isShutOut(probe) ? 'cannot provision' : 'provisions, but not as expected';
    case 'degraded':
      return 'is degraded';
    case 'unknown':
      return 'could not be checked';
    case 'missed':
      return 'has not run';
    case 'none':
      return 'has no data yet';
    case 'healthy':
      return probe.last?.result.kind === 'assigned' ? 'can provision' : 'is not let in, as expected';
  }
}
