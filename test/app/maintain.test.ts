import { describe, expect, it } from 'vitest';
import { createLeases } from '../../src/storage/leases.ts';
import type { OpenTables } from '../../src/storage/openTables.ts';
import { readRows } from '../../src/storage/table.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { maintenanceApp } from '../support/maintenanceApp.ts';
import { seedOutcomes } from '../support/seedOutcomes.ts';
import { tablesAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const now = new Date();
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString();

function appAt(location: string, openTable: OpenTables = tablesAt(azurite.connectionString())) {
  return maintenanceApp({ location, openTable, now });
}

describe('maintenance of a shared history', () => {
  it('runs at all locations in the same minute without an error, and deletes everything once (fault 16)', async () => {
    const probes = Array.from({ length: 12 }, (_, number) => `both-${number}`);
    for (const location of ['weu', 'neu']) {
      const old = (probe: string, number: number) =>
        buildOutcome({ probe, location, runId: `run-${number}`, startedAt: daysAgo(400), verdict: 'unknown' });
      await seedOutcomes(
        azurite.connectionString(),
        probes.flatMap((probe) => Array.from({ length: 30 }, (_, number) => old(probe, number))),
      );
    }
    const apps = ['weu', 'weu', 'neu', 'neu'].map((location) => appAt(location));
    expect(await Promise.all(apps.map((app) => app.maintain()))).toEqual(['done', 'done', 'done', 'done']);
    expect(apps.flatMap(({ errors }) => errors)).toEqual([]);
    // If the owner finished before another location started, that location found no rows to delete.
    await appAt('weu').maintain();
    const outcomes = tablesAt(azurite.connectionString())('outcomes');
    for (const location of ['weu', 'neu']) {
      expect(await readRows(outcomes, { partitionKey: `both-0@${location}` })).toEqual([]);
    }
    const deleted = apps.flatMap(({ lines }) => lines).map((line) => Number(/(\d+) rows deleted/.exec(line)?.[1] ?? 0));
    expect(deleted.reduce((sum, one) => sum + one, 0)).toBe(12 * 30 * 2 * 2);
  });

  it('leaves the deletion to the location that is doing it, and continues with its other jobs', async () => {
    const leases = createLeases(tablesAt(azurite.connectionString())('maintenance'));
    const key = { partitionKey: 'maintenance', rowKey: 'prune' };
    const owner = await leases.tryAcquire({ key, holder: 'another location', lastsMs: 60_000 });
    const app = appAt('weu');
    expect(await app.maintain()).toBe('done');
    expect(app.lines).toEqual(['History: 0 hours added up.']);
    if (owner.kind === 'held') await owner.lease.release();
    await app.maintain();
    expect(app.lines.at(-1)).toMatch(/^History: 0 hours added up, \d+ rows deleted\.$/);
  });

  it('continues with the other jobs when one fails, reports it, and leaves its heartbeat open (fault 19)', async () => {
    const openTable = tablesAt(azurite.connectionString());
    const broken: OpenTables = (name) => {
      if (name === 'maintenance') throw new Error('no access to this table');
      return openTable(name);
    };
    const app = appAt('broken', broken);
    await app.runTimer();
    expect(app.errors).toEqual([
      expect.stringMatching(/^Maintenance of the history \(deletion\) failed, the next hour/),
    ]);
    expect(app.lines).toEqual(['History: 0 hours added up.']);
    const [heartbeat] = await app.history.heartbeats('maintenance', {});
    expect(heartbeat).toMatchObject({ completed: false });

    const whole = appAt('whole');
    await whole.runTimer();
    expect(await whole.history.heartbeats('maintenance', {})).toMatchObject([{ completed: true }]);
  });
});
