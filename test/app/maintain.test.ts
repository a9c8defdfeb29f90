import { describe, expect, it } from 'vitest';
import { maintain } from '../../src/app/maintain.ts';
import { recordHeartbeat } from '../../src/app/recordHeartbeat.ts';
import type { Services } from '../../src/app/services.ts';
import { parseSettings } from '../../src/config/settings.ts';
import { createOutcomeHistory } from '../../src/history/history.ts';
import { createDeviceLeases } from '../../src/probes/deviceLease.ts';
import { createLeases } from '../../src/storage/leases.ts';
import type { OpenTables } from '../../src/storage/openTables.ts';
import { readRows } from '../../src/storage/table.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { seedOutcomes } from '../support/seedOutcomes.ts';
import { tablesAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const now = new Date();
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString();
const secrets = {
  load: async () => undefined,
  read: async () => Promise.reject(new Error('nothing is read here')),
  invalidate: () => undefined,
};

/** The app of one location; for its storage it is a separate process. */
function appAt(location: string, openTable: OpenTables = tablesAt(azurite.connectionString())) {
  const parsed = parseSettings({ PROBE_LOCATION: location });
  if (parsed.kind === 'invalid') throw new Error('no setting is required');
  const services: Services = {
    settings: parsed.settings,
    probes: [],
    identity: { managedIdentity: false },
    secrets,
    freshSecrets: secrets,
    leases: createDeviceLeases(),
    openTable,
    history: createOutcomeHistory(openTable, location),
  };
  const lines: string[] = [];
  const errors: string[] = [];
  const log = (line: string) => lines.push(line);
  const context = { invocationId: location, log, info: log, warn: log, error: (line: string) => errors.push(line) };
  return { services, context, lines, errors, maintain: () => maintain(services, now, context) };
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
    // The owner may have been done before another asked: then that one found nothing more.
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
    const beat = { of: 'maintenance', schedule: '0 17 * * * *', now } as const;
    await recordHeartbeat(app.services, beat, app.context, () => app.maintain());
    expect(app.errors).toEqual([
      expect.stringMatching(/^Maintenance of the history \(deletion\) failed, the next hour/),
    ]);
    expect(app.lines).toEqual(['History: 0 hours added up.']);
    const [heartbeat] = (await app.services.history?.heartbeats('maintenance', {})) ?? [];
    expect(heartbeat).toMatchObject({ completed: false });

    const whole = appAt('whole');
    await recordHeartbeat(whole.services, beat, whole.context, () => whole.maintain());
    expect(await whole.services.history?.heartbeats('maintenance', {})).toMatchObject([{ completed: true }]);
  });
});
