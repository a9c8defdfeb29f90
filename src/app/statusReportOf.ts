import { dueTimes } from '../config/schedule.ts';
import type { StatusReport } from '../status/report/statusReport.ts';
import type { Services } from './services.ts';
import { webhookSource } from './webhookSource.ts';

/**
 * Shares one result between all callers within `maxAgeMs`, so that many readers of a public page cost one set of storage requests. Failures
 * are not cached.
 */
export function cacheFor<Value, Rest extends readonly unknown[]>(
  maxAgeMs: number,
  read: (services: Services, now: Date, ...rest: Rest) => Promise<Value>,
): (services: Services, now: Date, ...rest: Rest) => Promise<Value> {
  const cache = new WeakMap<Services, { readonly readMs: number; readonly value: Promise<Value> }>();
  return (services, now, ...rest) => {
    const known = cache.get(services);
    if (known && Math.abs(now.getTime() - known.readMs) < maxAgeMs) return known.value;
    const value = read(services, now, ...rest);
    cache.set(services, { readMs: now.getTime(), value });
    value.catch(() => {
      if (cache.get(services)?.value === value) cache.delete(services);
    });
    return value;
  };
}

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
