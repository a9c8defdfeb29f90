import type { OutcomeHistory } from '../../history/history.ts';
import type { RunSummary } from '../../history/outcomeRow.ts';
import { dayMs, hourMs, type Rollup } from '../../history/rollup.ts';
import { newTally } from '../../history/tally.ts';
import { cachedSum } from './cachedSum.ts';
import { type AvailabilityWindow, type WindowName, windowNames } from './statusReport.ts';

/** The roll-ups for all windows of a probe, read in a few parallel requests. */
export interface WindowSource {
  /** Newest first, for the longest window. The newest has the probe's state and the end of what is rolled up. */
  readonly days: readonly Rollup[];
  /** The hours of the first UTC day of each window, from the window's beginning. */
  readonly firstHours: { readonly [name in WindowName]: readonly Rollup[] };
}

/** Runs that are not rolled up yet. */
export interface Unrolled {
  readonly runs: readonly RunSummary[];
  /** Milliseconds since 1970. */
  readonly missedMs: readonly number[];
}

const windowDays: { readonly [name in WindowName]: number } = { '24h': 1, '7d': 7, '30d': 30 };

/** Reads one probe's roll-ups: 30 days in four requests of at most a month of rows. */
export async function readWindowSource(
  history: Pick<OutcomeHistory, 'rollups'>,
  probe: string,
  nowMs: number,
  signal?: AbortSignal,
): Promise<WindowSource> {
  const readFirstHours = async (name: WindowName) => {
    const fromMs = beginOf(name, nowMs);
    return [name, await history.rollups(probe, 'hour', { fromMs, toMs: nextDay(fromMs) }, signal)] as const;
  };
  const fromMs = nextDay(beginOf('30d', nowMs));
  const [days, ...hours] = await Promise.all([
    history.rollups(probe, 'day', { fromMs, toMs: nowMs }, signal),
    ...windowNames.map(readFirstHours),
  ]);
  return { days, firstHours: Object.fromEntries(hours) as WindowSource['firstHours'] };
}

/** `firstRunMs`: the start of the first known run. */
export function availabilityWindows(
  source: WindowSource,
  unrolled: Unrolled,
  firstRunMs: number,
  nowMs: number,
): { readonly [name in WindowName]: AvailabilityWindow } {
  const window = (name: WindowName) => ({
    ...windowOf(name, source, unrolled, nowMs),
    complete: firstRunMs <= nowMs - windowDays[name] * dayMs,
  });
  return { '24h': window('24h'), '7d': window('7d'), '30d': window('30d') };
}

function windowOf(name: WindowName, source: WindowSource, { runs, missedMs }: Unrolled, nowMs: number) {
  const beginMs = beginOf(name, nowMs);
  const tally = newTally();
  const [newest, ...past] = source.days.filter((day) => day.startMs >= nextDay(beginMs));
  tally.addTally(cachedSum([...source.firstHours[name], ...past]));
  if (newest) tally.addTally(newest); // it changes with every hour
  for (const run of runs) if (Date.parse(run.startedAt) >= beginMs) tally.addRun(run);
  tally.addMissed(missedMs.filter((dueMs) => dueMs >= beginMs).length);
  const counts = tally.counts();
  const up = counts.healthy + counts.degraded;
  const known = up + counts.failing;
  return { ...counts, ...(known > 0 && { availability: up / known }), percentiles: tally.histograms.percentiles() };
}

/** The beginning of the longest window. */
export function maxWindowBeginMs(nowMs: number): number {
  return beginOf('30d', nowMs);
}

/** Windows begin on the hour. */
function beginOf(name: WindowName, nowMs: number): number {
  return Math.floor((nowMs - windowDays[name] * dayMs) / hourMs) * hourMs;
}

/** The midnight (UTC) at or after a time. */
function nextDay(timeMs: number): number {
  return Math.ceil(timeMs / dayMs) * dayMs;
}
