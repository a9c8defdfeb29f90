import type { Probe } from '../../config/probe.ts';
import type { OutcomeHistory } from '../../history/history.ts';
import type { DueTicks } from '../../history/missedTicks.ts';
import { describeStorageError } from '../../storage/describeStorageError.ts';
import { findCorrelations } from './findCorrelations.ts';
import { readProbeReport, withoutData } from './probeReport.ts';
import type { ProbeReport, StatusReport } from './statusReport.ts';

export interface StatusReportOptions {
  readonly probes: readonly Probe[];
  readonly location: string;
  /** When it is a probe's turn, by the schedule of the timer. */
  readonly dueTicks: DueTicks;
  readonly now: Date;
  /** Default 5 s: a page that says that the storage is away is worth more than one that does not come. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 5_000;

/**
 * Reads all probes at once. Never rejects: when the storage cannot be reached or is not configured (`history` undefined), or does not
 * answer in time, the report says so in `storageFault` and lists the probes without data.
 */
export async function readStatusReport(
  history: OutcomeHistory | undefined,
  { probes, location, dueTicks, now, timeoutMs = defaultTimeoutMs }: StatusReportOptions,
): Promise<StatusReport> {
  const report = { generatedAt: now.toISOString(), location };
  try {
    if (!history) throw new Error('no storage is configured, set OutcomesStorage or AzureWebJobsStorage');
    const signal = AbortSignal.timeout(timeoutMs);
    const context = { dueTicks, location, nowMs: now.getTime(), signal };
    const reports = await unlessAborted(
      signal,
      Promise.all(probes.map((probe) => readProbeReport(history, probe, context))),
    );
    return { ...report, probes: reports, correlations: findCorrelations(lastRuns(probes, reports)) };
  } catch (error) {
    return {
      ...report,
      probes: probes.map((probe) => withoutData(probe, location)),
      correlations: [],
      storageFault: describeStorageError(error),
    };
  }
}

function lastRuns(probes: readonly Probe[], reports: readonly ProbeReport[]) {
  return probes.flatMap((probe, index) => {
    const last = reports[index]?.last;
    return last ? [{ probe, last }] : [];
  });
}

/** Also where a client, for its own reasons, does not look at the signal for a while. */
async function unlessAborted<Value>(signal: AbortSignal, value: Promise<Value>): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([value, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
