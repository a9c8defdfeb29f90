import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Probe, probeSchema } from '../../../src/config/probe.ts';
import { dueTimes } from '../../../src/config/schedule.ts';
import { dayMs, hourMs } from '../../../src/history/rollup.ts';
import type { Outcome, Verdict } from '../../../src/outcomes/outcome.ts';
import type { Delivery } from '../../../src/outcomes/recordOutcome.ts';
import { withoutData } from '../../../src/status/report/probeReport.ts';
import { readStatusReport } from '../../../src/status/report/readStatusReport.ts';
import type { ProbeReport } from '../../../src/status/report/statusReport.ts';
import type { WebhookSource } from '../../../src/status/report/webhookReport.ts';
import { buildOutcome } from '../../support/buildOutcome.ts';
import { probeJson } from '../../support/probeJson.ts';
import { seedOutcomes } from '../../support/seedOutcomes.ts';
import { closedStorage, connectionStringFor, historyAt, useAzurite } from '../../support/useHistory.ts';

const azurite = useAzurite();
const minuteMs = 60_000;
const now = new Date('2026-11-24T14:32:00.000Z');
/** The last due time before now. */
const lastDueMs = Date.parse('2026-11-24T14:30:00.000Z');
const schedule = '0 */5 * * * *';
const bySchedule = (probe: { everyMinutes?: number | undefined }, fromMs: number, toMs: number) =>
  dueTimes(schedule, probe, fromMs, toMs);

function probeNamed(name: string, changes: Record<string, unknown> = {}): Probe {
  return probeSchema.parse(probeJson({ name, ...changes }));
}

/** `count` runs, one every five minutes, the newest at the last due time; `change` gets how many due times ago a run was. */
function runs(
  probe: string,
  count: number,
  change: (ago: number) => Partial<Outcome> | undefined = () => ({}),
): Outcome[] {
  return Array.from({ length: count }, (_, index) => count - 1 - index).flatMap((ago) => {
    const startedAt = new Date(lastDueMs - ago * 5 * minuteMs + 30).toISOString();
    const changes = change(ago);
    return changes ? [buildOutcome({ probe, runId: `run-${ago}`, startedAt, ...changes })] : [];
  });
}

const verdict = (verdict: Verdict): Partial<Outcome> =>
  verdict === 'healthy'
    ? {}
    : { verdict, reasons: [`it is ${verdict}`], transcript: [{ atMs: 1, direction: 'sent', what: 'CONNECT' }] };

async function reportOf(probe: Probe, outcomes: readonly Outcome[], rolledUpAt?: Date): Promise<ProbeReport> {
  await seedOutcomes(azurite.connectionString(), outcomes);
  const history = historyAt(azurite.connectionString());
  if (rolledUpAt) await history.rollUp(rolledUpAt, { probes: [probe], dueTimes: bySchedule, retentionDays: 90 });
  const { probes, storageFault } = await readStatusReport(history, {
    probes: [probe],
    location: 'westeurope',
    dueTimes: bySchedule,
    now,
    timeoutMs: 30_000,
  });
  expect(storageFault).toBeUndefined();
  const [report] = probes;
  if (!report) throw new Error('expected one report');
  return report;
}

describe('the report of a probe', () => {
  it('has only the configuration before the first run', async () => {
    const report = await reportOf(probeNamed('new', { expect: { result: 'refused', errorCode: 401_002 } }), []);
    expect(report).toMatchObject({
      name: 'new',
      registrationId: 'canary-001',
      transport: 'mqtt',
      expected: 'refused, errorCode 401002',
      bars: [],
      failures: [],
      drifts: [],
      flapping: false,
      consecutiveFailures: 0,
    });
    expect(report).not.toHaveProperty('last');
    expect(report.windows['30d']).toEqual({
      healthy: 0,
      degraded: 0,
      failing: 0,
      unknown: 0,
      missed: 0,
      complete: false,
      percentiles: {},
    });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a refusal', { result: 'refused', errorCode: 401_002 }, 'refused, errorCode 401002'],
    [
      'an assignment',
      {
        assignedHub: ['hub-a', 'hub-b'],
        deviceId: 'dev-1',
        substatus: 'new',
        withinSeconds: 20,
        certificateDaysLeft: 14,
      },
      'assigned, to hub-a or hub-b, as dev-1, new, within 20 s, certificates valid for at least 14 days',
    ],
  ])('puts the whole expectation into words: %s', (_title, expect_, words) => {
    expect(withoutData(probeNamed('expecting', { expect: expect_ }), 'here').expected).toBe(words);
  });

  it('shows the newest ninety runs, oldest first, with their phases and reasons', async () => {
    const { bars, last } = await reportOf(
      probeNamed('bars'),
      runs('bars', 100, (ago) => verdict(ago === 3 ? 'failing' : 'healthy')),
    );
    expect(bars).toHaveLength(90);
    expect(bars.map(({ startedAt }) => startedAt)).toEqual(bars.map(({ startedAt }) => startedAt).toSorted());
    expect(bars.at(-1)).toEqual({
      runId: 'run-0',
      startedAt: last?.startedAt,
      verdict: 'healthy',
      durationMs: 3412.5,
      phases: last?.phases,
    });
    expect(bars.at(-4)).toMatchObject({ verdict: 'failing', reason: 'it is failing' });
  });

  it('knows since when, how many failures in a row, and shows failures with their transcripts', async () => {
    const report = await reportOf(
      probeNamed('down'),
      runs('down', 40, (ago) => verdict(ago < 15 ? 'failing' : ago === 20 ? 'unknown' : 'healthy')),
    );
    expect(report.since).toBe(new Date(lastDueMs - 14 * 5 * minuteMs + 30).toISOString());
    expect(report.consecutiveFailures).toBe(15);
    expect(report.failures.map(({ runId }) => runId)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((ago) => `run-${ago}`),
    );
    expect(report.failures[0]?.transcript).toHaveLength(1);
    expect(report.windows['24h']).toMatchObject({
      healthy: 24,
      failing: 15,
      unknown: 1,
      degraded: 0,
      missed: 0,
      availability: 24 / 39,
    });
  });

  it('shows outcomes with drift of any age', async () => {
    const drift = { events: [{ kind: 'assignedHub', from: 'hub-a', to: 'hub-b' }] } as const;
    const { drifts } = await reportOf(
      probeNamed('drifts'),
      runs('drifts', 150, (ago) => (ago === 140 || ago === 3 ? drift : {})),
    );
    expect(drifts.map(({ runId }) => runId)).toEqual(['run-3', 'run-140']);
  });

  it.each([
    ['four changes in twelve runs', [0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], false],
    ['five changes in twelve runs', [1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0], true],
    ['changes before the last twelve runs', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1], false],
    ['changes between two kinds of not healthy', [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2], false],
  ])('names flapping: %s', async (title, newestFirst, flapping) => {
    const name = `flap-${title.replaceAll(' ', '-')}`;
    const of = (ago: number) =>
      verdict((['healthy', 'failing', 'degraded'] as const)[newestFirst[ago] ?? 0] ?? 'healthy');
    expect((await reportOf(probeNamed(name), runs(name, newestFirst.length, of))).flapping).toBe(flapping);
  });
});

describe('scheduled runs without an outcome', () => {
  it('have separate bars and counts, and do not lower the availability', async () => {
    const gone = new Set([4, 5, 6]);
    const report = await reportOf(
      probeNamed('gap'),
      runs('gap', 20, (ago) => (gone.has(ago) ? undefined : {})),
    );
    expect(report.bars.slice(-7).map((bar) => bar.verdict)).toEqual([
      'missed',
      'missed',
      'missed',
      'healthy',
      'healthy',
      'healthy',
      'healthy',
    ]);
    expect(report.windows['24h']).toMatchObject({ healthy: 17, missed: 3, unknown: 0, availability: 1 });
  });

  it('show whether the timer had called', async () => {
    const probe = 'called';
    const history = historyAt(azurite.connectionString());
    const call = (ago: number) => ({ scheduledAt: new Date(lastDueMs - 5 * minuteMs * ago), instance: 'one' });
    await history.startHeartbeat('probes', call(3));
    await history.completeHeartbeat('probes', call(3));
    await history.startHeartbeat('probes', call(4));
    const { bars } = await reportOf(
      probeNamed(probe),
      runs(probe, 6, (ago) => (ago === 2 || ago === 3 || ago === 4 ? undefined : {})),
    );
    expect(bars.map(({ reason }) => reason)).toEqual([
      undefined,
      expect.stringMatching(/^the timer fired, but the scheduled run did not end/),
      expect.stringMatching(/^the timer fired, but no outcome was recorded/),
      expect.stringMatching(/^the timer did not fire/),
      undefined,
      undefined,
    ]);
  });

  it('are the last bars when the app has stopped, and do not count as failures', async () => {
    const report = await reportOf(
      probeNamed('stopped'),
      runs('stopped', 30, (ago) => (ago < 12 ? undefined : {})),
    );
    expect(report.bars.slice(-12).every((bar) => bar.verdict === 'missed')).toBe(true);
    expect(report).toMatchObject({
      last: { runId: 'run-12' },
      consecutiveFailures: 0,
      since: new Date(lastDueMs - 29 * 5 * minuteMs + 30).toISOString(),
    });
  });

  it('are not missed while their run may still be in progress', async () => {
    const name = 'under-way';
    const others = runs(name, 5, (ago) => (ago === 0 ? undefined : {}));
    const slow = await reportOf(probeNamed(name, { timeoutSeconds: 120 }), others);
    expect(slow.windows['24h'].missed).toBe(0);
    const quick = await reportOf(probeNamed(name, { timeoutSeconds: 20 }), []);
    expect(quick.windows['24h'].missed).toBe(1);
  });

  it('are counted by the probe’s own cadence', async () => {
    const name = 'seldom';
    const report = await reportOf(
      probeNamed(name, { everyMinutes: 15 }),
      runs(name, 13, (ago) => (ago % 3 === 0 && ago !== 6 ? {} : undefined)),
    );
    expect(report.bars.map((bar) => bar.verdict)).toEqual(['healthy', 'healthy', 'missed', 'healthy', 'healthy']);
  });

  it('are not replaced by runs on demand', async () => {
    const report = await reportOf(
      probeNamed('asked'),
      runs('asked', 6, (ago) => (ago === 3 ? { trigger: 'http' } : {})),
    );
    expect(report.windows['24h']).toMatchObject({ healthy: 6, missed: 1 });
  });
});

describe('windows', () => {
  it('12: are complete only when the probe has run for as long as the window is', async () => {
    const { windows, firstRunAt } = await reportOf(probeNamed('young'), runs('young', 289));
    expect(firstRunAt).toBe(new Date(lastDueMs - 288 * 5 * minuteMs + 30).toISOString());
    expect(windows).toMatchObject({
      '24h': { complete: true },
      '7d': { complete: false, availability: 1 },
      '30d': { complete: false, availability: 1, percentiles: { total: { count: 289 } } },
    });
    const younger = await reportOf(probeNamed('younger'), runs('younger', 287));
    expect(younger.windows['24h'].complete).toBe(false);
  });

  /** 35 days at every 15 minutes: failing for the whole of the 3rd, 10th and 32nd day ago, and one unknown each day. */
  const month = (probe: string) =>
    runs(probe, 35 * 288, (ago) => {
      if (ago % 3 !== 0) return undefined;
      const day = Math.floor(ago / 288);
      if (ago % 288 === 99) return { ...verdict('unknown'), durationMs: 7, phases: {} };
      return {
        ...verdict([3, 10, 32].includes(day) ? 'failing' : 'healthy'),
        durationMs: 100 + (ago % 1000),
        phases: { tls: 50 + (ago % 7) },
      };
    });
  const summed = (outcomes: readonly Outcome[], fromMs: number) => {
    const within = outcomes.filter(({ startedAt }) => Date.parse(startedAt) >= fromMs);
    const count = (verdict: Verdict) => within.filter((outcome) => outcome.verdict === verdict).length;
    return { healthy: count('healthy'), degraded: 0, failing: count('failing'), unknown: count('unknown'), missed: 0 };
  };
  const beginMs = (days: number) => Math.floor((now.getTime() - days * dayMs) / hourMs) * hourMs;

  it('are the same from rollups as from the outcomes themselves, to the hour', async () => {
    const name = 'month';
    const outcomes = month(name);
    const probe = probeNamed(name, { everyMinutes: 15 });
    const live = await reportOf(probe, outcomes);
    for (const rolledUpAt of [new Date(now.getTime() - 40 * hourMs), now]) {
      const { windows, since, bars } = await reportOf(probe, [], rolledUpAt);
      expect({ since, bars }).toEqual({ since: live.since, bars: live.bars });
      for (const [window, days] of [
        ['24h', 1],
        ['7d', 7],
        ['30d', 30],
      ] as const) {
        expect(windows[window]).toMatchObject(summed(outcomes, beginMs(days)));
        expect(live.windows[window]).toMatchObject(summed(outcomes, beginMs(days)));
        for (const percentile of ['p50', 'p95', 'p99'] as const) {
          const [rolledUp, direct] = [windows[window], live.windows[window]].map(
            ({ percentiles }) => percentiles.total?.[percentile] ?? 0,
          );
          expect(Math.abs(Number(rolledUp) - Number(direct))).toBeLessThanOrEqual(Number(direct) / 1000 + 0.001);
        }
      }
      expect(Object.keys(windows['7d'].percentiles).sort()).toEqual(['tls', 'total']);
    }
  }, 120_000);

  it('remember since when, beyond the newest ninety runs', async () => {
    const report = await reportOf(
      probeNamed('long'),
      runs('long', 600, (ago) => verdict(ago < 500 ? 'failing' : 'healthy')),
      now,
    );
    expect(report.since).toBe(new Date(lastDueMs - 499 * 5 * minuteMs + 30).toISOString());
    expect(report.consecutiveFailures).toBe(500);
  });
});

describe('the whole report', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  const options = { location: 'westeurope', dueTimes: bySchedule, now };

  it('lists the probes in their order, and finds correlations between them', async () => {
    const probes = [probeNamed('pair-ws', { transport: 'mqtt-ws' }), probeNamed('pair-tcp')];
    const unreachable = { kind: 'unreachable', phase: 'tcp', code: 'ETIMEDOUT', message: 'no answer' } as const;
    await seedOutcomes(azurite.connectionString(), runs('pair-ws', 1));
    await seedOutcomes(
      azurite.connectionString(),
      runs('pair-tcp', 1, () => ({ verdict: 'failing', result: unreachable })),
    );
    const report = await readStatusReport(historyAt(azurite.connectionString()), {
      ...options,
      probes,
      timeoutMs: 30_000,
    });
    expect(report).toMatchObject({
      generatedAt: now.toISOString(),
      location: 'westeurope',
      probes: [{ name: 'pair-ws' }, { name: 'pair-tcp' }],
      correlations: [
        {
          probes: ['pair-ws', 'pair-tcp'],
          text: '8883 blocked, 443 fine: a firewall, not the service. pair-tcp stops at tcp.',
        },
      ],
    });
  });

  it('covers all locations that share the history, its own first, each with its runs and gaps', async () => {
    const probes = [probeNamed('shared')];
    const here = runs('shared', 20, (ago) => (ago === 10 ? undefined : {}));
    const there = runs('shared', 20, (ago) => ({ ...verdict('failing'), runId: `there-${ago}`, location: "o'ther" }));
    await seedOutcomes(azurite.connectionString(), here);
    await seedOutcomes(azurite.connectionString(), there.slice(1));
    // Registers the location, as its app does with the first outcome.
    for (const outcome of there.slice(0, 1)) await historyAt(azurite.connectionString(), "o'ther").append(outcome);
    for (const location of ['westeurope', "o'ther"]) {
      await historyAt(azurite.connectionString(), location).rollUp(now, {
        probes,
        dueTimes: bySchedule,
        retentionDays: 90,
      });
    }
    const history = historyAt(azurite.connectionString());
    const report = await readStatusReport(history, { ...options, probes, timeoutMs: 30_000 });
    expect(report.probes).toMatchObject([
      { location: 'westeurope', consecutiveFailures: 0, last: { verdict: 'healthy' }, failures: [] },
      { location: "o'ther", consecutiveFailures: 20, last: { verdict: 'failing' } },
    ]);
    expect(report.probes[0]?.windows['24h']).toMatchObject({ healthy: 19, failing: 0, missed: 1 });
    expect(report.probes[1]?.windows['24h']).toMatchObject({ healthy: 0, failing: 20 });
    const everywhere = await history.list({ probes: ['shared'], limit: 100 });
    expect(everywhere.outcomes).toHaveLength(39);
  });

  it('notices a location that has stopped, though its schedule is staggered, and forgets it after the longest window', async () => {
    const probes = [probeNamed('stopped-there')];
    const stopped = historyAt(azurite.connectionString(), 'gone');
    const lastRun = (minutesAgo: number) =>
      buildOutcome({
        probe: 'stopped-there',
        location: 'gone',
        runId: `ago-${minutesAgo}`,
        startedAt: new Date(now.getTime() - minutesAgo * minuteMs).toISOString(),
      });
    const verdictThere = async (at = now) => {
      const { probes: reports } = await readStatusReport(historyAt(azurite.connectionString()), {
        ...options,
        now: at,
        probes,
        timeoutMs: 30_000,
      });
      return reports.find(({ location }) => location === 'gone')?.bars.at(-1)?.verdict;
    };
    await stopped.append(lastRun(45));
    expect(await verdictThere()).toBe('missed');
    await stopped.append(lastRun(7));
    expect(await verdictThere()).toBe('healthy');
    expect(await verdictThere(new Date(now.getTime() + 31 * dayMs))).toBeUndefined();
  });

  it('reports that the storage is not available, and still lists the probes', async () => {
    const report = await readStatusReport(historyAt(await closedStorage()), {
      ...options,
      probes: [probeNamed('away')],
    });
    expect(report.storageFault).toMatch(/^the history storage at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/);
    expect(report).toMatchObject({ probes: [{ name: 'away', bars: [], expected: 'assigned' }], correlations: [] });
  });

  it('does not wait for a storage that is silent', async () => {
    const server = createServer((socket) => closing.unshift(async () => socket.destroy()));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    closing.push(() => new Promise((closed) => server.close(closed)));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const started = performance.now();
    const report = await readStatusReport(historyAt(connectionStringFor(port)), {
      ...options,
      probes: [probeNamed('silent')],
      timeoutMs: 300,
    });
    expect(report.storageFault).toBe(
      "the history storage did not respond in time: check the storage account's health and the network connection to it",
    );
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('reports that no storage is configured', async () => {
    const report = await readStatusReport(undefined, { ...options, probes: [] });
    expect(report.storageFault).toMatch(/no storage is configured, set OutcomesStorage or AzureWebJobsStorage$/);
  });
});

describe('the webhook of a report', () => {
  const probes = [probeNamed('hooked'), probeNamed('hooked-too')];
  const at = (minute: number) => new Date(lastDueMs + minute * minuteMs).toISOString();
  const at404 = { verdict: 'failing', error: 'it responded 404' } as const;
  const deliveries: readonly Delivery[] = [
    { probe: 'hooked', location: 'westeurope', delivered: { at: at(0), verdict: 'failing' } },
    { probe: 'hooked-too', location: 'westeurope', delivered: { at: at(1), verdict: 'healthy' } },
  ];
  const configured = { setting: 'WEBHOOK_URL_SECRET', secret: 'chat' };

  async function webhookOf(webhook?: WebhookSource, connection = azurite.connectionString()) {
    const options = { probes, location: 'westeurope', dueTimes: bySchedule, now, webhook };
    return (await readStatusReport(historyAt(connection), options)).webhook;
  }
  const reading = (stored: readonly Delivery[]): WebhookSource => ({
    secret: 'chat',
    readDeliveries: async () => stored,
  });

  it('shows the newest delivery', async () => {
    const lastDelivery = { probe: 'hooked-too', location: 'westeurope', at: at(1), verdict: 'healthy' };
    expect(await webhookOf(reading(deliveries))).toEqual({ state: 'delivered', ...configured, lastDelivery });
  });

  it('shows what could not be delivered, but not of a probe or a location that is gone', async () => {
    const failed = { probe: 'hooked', location: 'westeurope', failed: { at: at(1), ...at404 } };
    const gone = [
      { ...failed, probe: 'removed' },
      { ...failed, location: 'removed' },
    ];
    expect(await webhookOf(reading([...deliveries.slice(1), failed, ...gone]))).toMatchObject({
      state: 'failing',
      undelivered: 1,
      lastFailure: { probe: 'hooked', location: 'westeurope', at: at(1), ...at404 },
      lastDelivery: { probe: 'hooked-too' },
    });
    expect(await webhookOf(reading(gone))).toEqual({ state: 'idle', ...configured });
  });

  it('is not configured, disabled without a storage, and unknown if the storage cannot be read', async () => {
    expect(await webhookOf()).toEqual({ state: 'notConfigured', setting: 'WEBHOOK_URL_SECRET' });
    expect(await webhookOf({ secret: 'chat' })).toEqual({ state: 'off', ...configured });
    expect(await webhookOf(reading(deliveries), await closedStorage())).toEqual({ state: 'unknown', ...configured });
  });
});
