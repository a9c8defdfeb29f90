import type { Probe } from '../../config/probe.ts';
import type { OutcomeHistory } from '../../history/history.ts';
import type { DueTimes } from '../../history/missedRuns.ts';
import { describeStorageError } from '../../storage/describeStorageError.ts';
import { maxWindowBeginMs } from './availabilityWindows.ts';
import { findCorrelations, type LastRun } from './findCorrelations.ts';
import { type ProbeReportContext, readProbeReport, withoutData } from './probeReport.ts';
import { readTimers } from './readTimers.ts';
import type { ProbeReport, StatusReport } from './statusReport.ts';
import { type WebhookSource, webhookReport } from './webhookReport.ts';

export interface StatusReportOptions {
  readonly probes: readonly Probe[];
  readonly location: string;
  /** When a probe is due, by the schedule of the timer. */
  readonly dueTimes: DueTimes;
  readonly now: Date;
  /** Since when this process could have observed a scheduled run. Default: now. */
  readonly upSince?: Date;
  /** Absent if no webhook is configured. */
  readonly webhook?: WebhookSource | undefined;
  /** Default: 8 s, below the 10 s of every route, so that the page can still report that the storage is not available. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 8_000;

/**
 * Reads all probes at all locations of the history in parallel. Never rejects: when the storage is not configured (`history` undefined),
 * cannot be reached or does not respond in time, the report has `storageFault` and lists the probes without data.
 */
export async function readStatusReport(
  history: OutcomeHistory | undefined,
  { probes, location, dueTimes, now, upSince = now, webhook, timeoutMs = defaultTimeoutMs }: StatusReportOptions,
): Promise<StatusReport> {
  const report = { generatedAt: now.toISOString(), location };
  try {
    if (!history) throw new Error('no storage is configured, set OutcomesStorage or AzureWebJobsStorage');
    const signal = AbortSignal.timeout(timeoutMs);
    const context = { dueTimes, ownLocation: location, nowMs: now.getTime(), signal };
    const read = async () => {
      const others = (await history.locations(signal)).filter((other) => other !== location);
      const locations = [location, ...others];
      return Promise.all([
        readAllLocations(history, probes, locations, context),
        readTimers(history, locations, { ...context, upSinceMs: upSince.getTime() }),
        webhook?.readDeliveries?.(signal),
      ]);
    };
    const [reports, timers, deliveries] = await rejectWhenAborted(signal, read());
    const unreadableRows = history.unreadable();
    const known = new Set(reports.map((probe) => probe.location));
    // Undelivered changes of a removed probe or location are never delivered, so reporting them would never stop.
    const current = deliveries?.filter((one) =>
      reports.some(({ name, location: at }) => name === one.probe && at === one.location),
    );
    return {
      ...report,
      probes: reports,
      correlations: findCorrelations(lastRuns(probes, reports)),
      timers: timers.filter((timer) => timer.location === location || known.has(timer.location)),
      webhook: webhookReport(webhook, current),
      ...(unreadableRows.length > 0 && { unreadableRows }),
    };
  } catch (error) {
    return {
      ...report,
      probes: probes.map((probe) => withoutData(probe, location)),
      correlations: [],
      timers: [],
      webhook: webhookReport(webhook, undefined),
      storageFault: describeStorageError(error),
    };
  }
}

/**
 * In the order of the probes, the app's own location first. Leaves out other locations that have not run the probe within the longest
 * window.
 */
async function readAllLocations(
  history: OutcomeHistory,
  probes: readonly Probe[],
  locations: readonly string[],
  context: ProbeReportContext,
): Promise<readonly ProbeReport[]> {
  const { ownLocation, nowMs } = context;
  const reports = await Promise.all(
    probes.map((probe) =>
      Promise.all(locations.map((location) => readProbeReport(history.at(location), probe, context))),
    ),
  );
  return reports.flat().filter(({ location, last }) => {
    if (location === ownLocation) return true;
    return last !== undefined && Date.parse(last.startedAt) >= maxWindowBeginMs(nowMs);
  });
}

function lastRuns(probes: readonly Probe[], reports: readonly ProbeReport[]): LastRun[] {
  const byName = new Map(probes.map((probe) => [probe.name, probe]));
  return reports.flatMap(({ name, last }) => {
    const probe = byName.get(name);
    return last && probe ? [{ probe, last }] : [];
  });
}

/** Rejects with the signal's reason as soon as it aborts, also when a client library ignores the signal for a while. */
async function rejectWhenAborted<Value>(signal: AbortSignal, value: Promise<Value>): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([value, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
