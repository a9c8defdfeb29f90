import { dueTicks } from '../config/schedule.ts';
import type { StatusReport } from '../status/report/statusReport.ts';
import type { Services } from './services.ts';

/** Everything that the page, its JSON and the badges say. Never rejects. */
export async function statusReportOf({ probes, settings, history }: Services, now: Date): Promise<StatusReport> {
  const { readStatusReport } = await import('../status/report/readStatusReport.ts');
  const { location, probeSchedule } = settings;
  return readStatusReport(history, {
    probes,
    location,
    dueTicks: (probe, fromMs, toMs) => dueTicks(probeSchedule, probe, fromMs, toMs),
    now,
  });
}
