import { type ProbeState, probeState } from '../report/probeState.ts';
import type { ProbeReport, StatusReport } from '../report/statusReport.ts';
import { formatClock, formatSpan } from './formatTime.ts';

/** How a probe stands, as the second half of a sentence that begins with its name: `cannot provision: failing since 14:05 UTC (25 min)`. */
export function probeSentence(report: StatusReport, probe: ProbeReport): string {
  if (report.storageFault !== undefined) return 'is unknown: the history cannot be read';
  const state = probeState(report, probe);
  const since = state === 'missed' ? (probe.last?.startedAt ?? probe.since) : probe.since;
  return `${predicate(probe, state)}${since === undefined || state === 'healthy' || state === 'none' ? '' : sinceInWords(since, report.generatedAt)}`;
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
      return isShutOut(probe) ? 'cannot provision: failing' : 'provisions, but not as expected,';
    case 'degraded':
      return 'has been degraded';
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
