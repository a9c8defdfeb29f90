/**
 * What a status page of 50 probes costs with 90 days of history, beside one with a day of it: CPU of this process and requests to the
 * storage, not the clock, because Azurite, unlike a storage account, reads every row of a table for each query. Rows that no query of the
 * page reaches are left out: outcomes behind the newest hundred of a probe, and hours of days in which no window begins.
 */
import { subscribe } from 'node:diagnostics_channel';
import pLimit from 'p-limit';
import { type Probe, probeSchema } from '../../../src/config/probe.ts';
import { dueTimes } from '../../../src/config/schedule.ts';
import type { OutcomeHistory } from '../../../src/history/history.ts';
import { partitionOf } from '../../../src/history/outcomeKeys.ts';
import { rollUpOutcomes } from '../../../src/history/rollUpOutcomes.ts';
import { dayMs, rollupTable } from '../../../src/history/rollup.ts';
import { startAzurite } from '../../../src/local/azurite.ts';
import type { Outcome } from '../../../src/outcomes/outcome.ts';
import { renderStatusPage } from '../../../src/status/page/overview/statusPage.ts';
import { readStatusReport } from '../../../src/status/report/readStatusReport.ts';
import { maxRowsAtOnce, type Row, readRows } from '../../../src/storage/table.ts';
import { buildOutcome } from '../../support/buildOutcome.ts';
import { probeJson } from '../../support/probeJson.ts';
import { seedOutcomes } from '../../support/seedOutcomes.ts';
import { historyAt, tablesAt } from '../../support/useHistory.ts';
import { type BenchRow, benchRow } from '../benchDevice.ts';

const location = 'westeurope';
const now = new Date('2026-11-24T12:30:00.000Z');
const everyMs = 5 * 60_000;
const dueEveryFiveMinutes = (probe: { readonly everyMinutes?: number | undefined }, fromMs: number, toMs: number) =>
  dueTimes('0 */5 * * * *', probe, fromMs, toMs);

export async function statusPages(quick: boolean): Promise<readonly BenchRow[]> {
  const count = quick ? 10 : 50;
  // One each: what the other page reads would be rows to look at.
  const [quarterStorage, dayStorage] = await Promise.all([startAzurite(), startAzurite()]);
  try {
    const quarterPage = await seededPage(quarterStorage.connectionString, count, 90);
    const dayPage = await seededPage(dayStorage.connectionString, count, 1);
    const cpuRatios: number[] = [];
    const requestRatios: number[] = [];
    for (let repetition = 0; repetition <= (quick ? 5 : 11); repetition += 1) {
      const [long, short] = [await quarterPage(), await dayPage()];
      console.error(`status page of ${count} probes: 90 days ${describe(long)}, 1 day ${describe(short)}`);
      if (repetition === 0) continue; // compiles, and remembers the sums of past days
      cpuRatios.push(long.cpuMs / short.cpuMs);
      requestRatios.push(long.requests / short.requests);
    }
    const row = `status page of ${count} probes, 90 days / 1 day`;
    return [
      benchRow(`cpu of a ${row}`, cpuRatios, { limit: 3 }),
      benchRow(`storage requests of a ${row}`, requestRatios, { limit: 1.1 }),
    ];
  } finally {
    await Promise.all([quarterStorage.close(), dayStorage.close()]);
  }
}

async function seededPage(connectionString: string, count: number, days: number): Promise<() => Promise<PageCost>> {
  const probes = Array.from({ length: count }, (_, index) => probeSchema.parse(probeJson({ name: `bench-${index}` })));
  await seed(connectionString, probes, days);
  const history = historyAt(connectionString, location);
  return () => pageOf(history, probes);
}

interface PageCost {
  readonly cpuMs: number;
  readonly requests: number;
}

let requests = 0;
subscribe('http.client.request.start', () => {
  requests += 1;
});

async function pageOf(history: OutcomeHistory, probes: readonly Probe[]): Promise<PageCost> {
  const [cpuBefore, requestsBefore] = [process.cpuUsage(), requests];
  const options = { probes, location, dueTimes: dueEveryFiveMinutes, now, timeoutMs: 60_000 };
  const report = await readStatusReport(history, options);
  if (report.storageFault !== undefined) throw new Error(report.storageFault);
  renderStatusPage(report, { context: { access: 'read' }, sections: [] });
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpuMs: (user + system) / 1000, requests: requests - requestsBefore };
}

function describe({ cpuMs, requests: made }: PageCost): string {
  return `${cpuMs.toFixed(0)} ms of CPU and ${made} requests`;
}

/** The roll-ups of one probe are worked out, and copied for the others. */
async function seed(connectionString: string, probes: readonly Probe[], days: number): Promise<void> {
  const [first] = probes;
  if (!first) return;
  const newestFirst = Array.from({ length: (days * dayMs) / everyMs }, (_, ago) => outcomeOf(first.name, ago));
  const store = { table: tablesAt(connectionString)(rollupTable), location, onUnreadable: () => undefined };
  const plan = { probes: [first], dueTimes: dueEveryFiveMinutes, retentionDays: 90, budgetMs: 600_000 };
  await rollUpOutcomes(store, async () => newestFirst, now, plan);
  const rows = await readRows(store.table, { partitionKey: partitionOf(first.name, location) });
  const read = rows.filter(({ rowKey, start }) => String(rowKey).startsWith('day-') || isReadByTheHour(String(start)));
  const newest = newestFirst.slice(0, 100);
  const limit = pLimit(4);
  const seedOne = async ({ name }: Probe, index: number) => {
    const outcomes = newest.map((outcome) => ({ ...outcome, probe: name }));
    await seedOutcomes(connectionString, outcomes);
    const copies = read.map(({ etag: _, timestamp: __, ...row }) => {
      // No two probes have the same: what is remembered by its contents is remembered for one of them.
      const copy: object = { ...row, partitionKey: partitionOf(name, location), missed: index };
      return copy as Row;
    });
    for (let start = 0; start < copies.length; start += maxRowsAtOnce) {
      await store.table.put(copies.slice(start, start + maxRowsAtOnce));
    }
  };
  await Promise.all(probes.map((probe, index) => limit(() => seedOne(probe, index))));
}

/** The windows of the page begin in the middle of these days. */
function isReadByTheHour(start: string): boolean {
  return [1, 7, 30].some((days) => start.startsWith(new Date(now.getTime() - days * dayMs).toISOString().slice(0, 10)));
}

/** Times that spread as those of a service do, the same in each run of the benchmark. */
function outcomeOf(probe: string, ago: number): Outcome {
  const spread = (share: number, step: number) => 1 + (share * ((ago * step) % 1009)) / 1009;
  const phases = {
    keyVault: 12 * spread(1, 31),
    dns: 2 * spread(2, 17),
    tcp: 20 * spread(0.3, 41),
    tls: 41 * spread(0.4, 13),
    mqttConnect: 30 * spread(0.5, 37),
    subscribe: 21 * spread(0.3, 59),
    register: 55 * spread(0.6, 71),
    assign: 3000 * spread(0.2, 97),
  };
  return buildOutcome({
    probe,
    runId: `run-${ago}`,
    startedAt: new Date(Math.floor(now.getTime() / everyMs) * everyMs - ago * everyMs).toISOString(),
    verdict: ago % 30 === 7 ? 'failing' : 'healthy',
    phases,
    durationMs: Object.values(phases).reduce((sum, time) => sum + time, 0),
  });
}
