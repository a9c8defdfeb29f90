import { TableClient } from '@azure/data-tables';
import { describe, expect, it } from 'vitest';
import { dueTimes } from '../../src/config/schedule.ts';
import { dayMs } from '../../src/history/rollup.ts';
import type { Verdict } from '../../src/outcomes/outcome.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { seedOutcomes } from '../support/seedOutcomes.ts';
import { closedStorage, historyAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const now = new Date('2026-11-24T12:00:00.000Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * dayMs).toISOString();
const drift = [{ kind: 'assignedHub', from: 'hub-a', to: 'hub-b' }] as const;

async function rowCount(tableName: string, partition: string) {
  const table = TableClient.fromConnectionString(azurite.connectionString(), tableName, {
    allowInsecureConnection: true,
  });
  let count = 0;
  for await (const _ of table.listEntities({ queryOptions: { filter: `PartitionKey eq '${partition}'` } })) count += 1;
  return count;
}

describe('pruning', () => {
  it('deletes what is older than the retention, and failures only when they are four times as old', async () => {
    const ages = [1, 9, 11, 39, 41];
    const verdicts: Verdict[] = ['healthy', 'degraded', 'unknown', 'failing'];
    const outcomes = verdicts.flatMap((verdict) =>
      ages.map((days) =>
        buildOutcome({ probe: 'aged', runId: `${verdict}-${days}`, verdict, startedAt: daysAgo(days), events: drift }),
      ),
    );
    await seedOutcomes(azurite.connectionString(), outcomes);
    const history = historyAt(azurite.connectionString());
    const result = await history.prune(now, { retentionDays: 10 });
    expect(result).toMatchObject({ complete: true });
    const left = [
      'failing-39',
      'failing-11',
      ...['healthy', 'degraded', 'unknown', 'failing'].flatMap((verdict) => [`${verdict}-9`, `${verdict}-1`]),
    ];
    const runIdsOf = async (index: 'all' | 'unhealthy' | 'drift') =>
      (await history.newest('aged', index, 100)).map(({ runId }) => runId).sort();
    expect(await runIdsOf('all')).toEqual(left.toSorted());
    expect(await runIdsOf('drift')).toEqual(left.toSorted());
    expect(await runIdsOf('unhealthy')).toEqual(left.filter((runId) => !runId.startsWith('healthy')).toSorted());
    expect(await history.prune(now, { retentionDays: 10 })).toEqual({ deletedRows: 0, complete: true });
  });

  it('reaches probes that are no longer configured, in more rows than fit into one request', async () => {
    const outcomes = Array.from({ length: 250 }, (_, number) =>
      buildOutcome({ probe: 'forgotten', runId: `run-${number}`, startedAt: daysAgo(100) }),
    );
    await seedOutcomes(azurite.connectionString(), outcomes);
    const history = historyAt(azurite.connectionString());
    expect(await history.prune(now, { retentionDays: 90 })).toEqual({ deletedRows: 250, complete: true });
    expect(await rowCount('outcomes', 'forgotten@westeurope')).toBe(0);
  });

  it('stops when its time is up, and the next call finds the rest', async () => {
    await seedOutcomes(azurite.connectionString(), [buildOutcome({ probe: 'slow', startedAt: daysAgo(100) })]);
    const history = historyAt(azurite.connectionString());
    expect(await history.prune(now, { retentionDays: 90, budgetMs: -1 })).toEqual({ deletedRows: 0, complete: false });
    expect(await history.prune(now, { retentionDays: 90 })).toEqual({ deletedRows: 1, complete: true });
  });

  it('deletes rollups and heartbeats that no window reaches any more', async () => {
    const history = historyAt(azurite.connectionString());
    const probe = 'rolled';
    await seedOutcomes(
      azurite.connectionString(),
      [40, 3].map((days) => buildOutcome({ probe, runId: `${days}`, startedAt: daysAgo(days) })),
    );
    const plan = {
      probes: [{ name: probe }],
      retentionDays: 90,
      dueTimes: (it: { everyMinutes?: number | undefined }, fromMs: number, toMs: number) =>
        dueTimes('0 0 * * * *', it, fromMs, toMs),
    };
    await history.rollUp(new Date(daysAgo(38)), plan);
    await history.rollUp(now, plan);
    for (const days of [40, 3])
      await history.startHeartbeat('probes', { scheduledAt: new Date(daysAgo(days)), instance: 'one' });
    const before = await rowCount('outcomeRollups', `${probe}@westeurope`);
    await history.prune(now, { retentionDays: 90 });
    const everything = { fromMs: 0, toMs: now.getTime() };
    const hours = await history.rollups(probe, 'hour', everything);
    expect(hours.length).toBeGreaterThan(24);
    expect(hours.length).toBeLessThan(before);
    for (const { startMs } of [...hours, ...(await history.rollups(probe, 'day', everything))]) {
      expect(startMs).toBeGreaterThanOrEqual(now.getTime() - 35 * dayMs);
    }
    expect(await history.heartbeats('probes', {})).toMatchObject([
      { scheduledMs: Date.parse(daysAgo(3)), completed: false },
    ]);
  });

  it('rejects if the storage is not available', async () => {
    const history = historyAt(await closedStorage());
    await expect(history.prune(now, { retentionDays: 90 })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
