import { dueTimes } from '../config/schedule.ts';
import type { StatusReport } from '../status/report/statusReport.ts';
import { cacheFor } from './cacheFor.ts';
import type { Services } from './services.ts';
import { webhookSource } from './webhookSource.ts';

/** One report makes nine storage requests for each probe and location. */
const maxAgeMs = 10_000;

/** Everything that the page, its JSON and the badges show, at most ten seconds old. Never rejects. */
export const statusReportOf = cacheFor(maxAgeMs, async (services: Services, now): Promise<StatusReport> => {
  const { readStatusReport } = await import('../status/report/readStatusReport.ts');
  const { probes, settings, history } = services;
  const { location, probeSchedule } = settings;
  return readStatusReport(history, {
    probes,
    location,
    dueTimes: (probe, fromMs, toMs) => dueTimes(probeSchedule, probe, fromMs, toMs),
    now,
    webhook: webhookSource(services),
    upSince: new Date(Date.now() - process.uptime() * 1000),
  });
});
