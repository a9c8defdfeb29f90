import { dueTicks } from '../config/schedule.ts';
import type { StatusReport } from '../status/report/statusReport.ts';
import type { Services } from './services.ts';

/** A report costs nine requests a probe: a crowd that looks at a public page pays for them once. */
const maxAgeMs = 10_000;

interface KeptReport {
  readonly startedMs: number;
  readonly report: Promise<StatusReport>;
}

const kept = new WeakMap<Services, KeptReport>();

/** Everything that the page, its JSON and the badges show, at most ten seconds old. Never rejects. */
export function statusReportOf(services: Services, now: Date): Promise<StatusReport> {
  const known = kept.get(services);
  if (known && Math.abs(now.getTime() - known.startedMs) < maxAgeMs) return known.report;
  const report = readReport(services, now);
  kept.set(services, { startedMs: now.getTime(), report });
  return report;
}

async function readReport({ probes, settings, history }: Services, now: Date): Promise<StatusReport> {
  const { readStatusReport } = await import('../status/report/readStatusReport.ts');
  const { location, probeSchedule } = settings;
  return readStatusReport(history, {
    probes,
    location,
    dueTicks: (probe, fromMs, toMs) => dueTicks(probeSchedule, probe, fromMs, toMs),
    now,
    upSince: new Date(Date.now() - process.uptime() * 1000),
  });
}
