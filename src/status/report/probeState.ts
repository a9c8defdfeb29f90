import type { Verdict } from '../../outcomes/outcome.ts';
import type { ProbeReport, StatusReport } from './statusReport.ts';

/** How a probe stands now: its last verdict, unless no run came when one was due (`missed`) or none ever came (`none`). */
export type ProbeState = Verdict | 'missed' | 'none';

/** The order in which the person on call wants to read them. */
export const statesByUrgency = ['failing', 'unknown', 'missed', 'degraded', 'none', 'healthy'] as const;

/** A history that could not be read leaves every probe unknown, not without data. */
export function probeState({ storageFault }: Pick<StatusReport, 'storageFault'>, probe: ProbeReport): ProbeState {
  if (storageFault !== undefined) return 'unknown';
  if (probe.last === undefined) return 'none';
  return probe.bars.at(-1)?.verdict === 'missed' ? 'missed' : probe.last.verdict;
}

/** The words that go with each symbol and colour, since none of these may be the only carrier. */
export const stateWords: { readonly [state in ProbeState]: string } = {
  healthy: 'Healthy',
  degraded: 'Degraded',
  failing: 'Failing',
  unknown: 'Unknown',
  missed: 'No run',
  none: 'No data yet',
};
