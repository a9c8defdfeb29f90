import { expect, it } from 'vitest';
import { checkHealth } from '../../src/app/checkHealth.ts';
import type { Services } from '../../src/app/services.ts';
import { parseSettings } from '../../src/config/settings.ts';
import { createDeviceLeases } from '../../src/probes/deviceLease.ts';
import { historyAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const secrets = {
  load: async () => undefined,
  read: async () => Promise.reject(new Error('nothing is read here')),
  invalidate: () => undefined,
};

async function healthAt(location: string, ticks: readonly string[], now: string) {
  const parsed = parseSettings({ PROBE_LOCATION: location });
  if (parsed.kind === 'invalid') throw new Error('no setting is required');
  const history = historyAt(azurite.connectionString(), location);
  for (const tick of ticks) {
    await history.startHeartbeat('probes', { scheduledAt: new Date(tick), instance: 'one' });
  }
  const services: Services = {
    settings: parsed.settings,
    probes: [],
    identity: { managedIdentity: false },
    secrets,
    freshSecrets: secrets,
    leases: createDeviceLeases(),
    history,
  };
  return checkHealth({ kind: 'configured', services }, new Date(now));
}

it('reports that no scheduled run comes although HTTP works (field report 20)', async () => {
  const report = await healthAt('silent', ['2026-11-24T11:40:00.000Z'], '2026-11-24T12:01:00.000Z');
  expect(report).toMatchObject({ status: 'unhealthy' });
  expect(report.checks.at(-1)).toEqual({
    name: 'scheduledRuns',
    ok: false,
    detail:
      'no scheduled run since 2026-11-24T11:40:00.000Z: check that the function runProbes is enabled, and restart the app',
  });
});

it.each([
  ['whose last run is the one due, or the one before it', ['2026-11-24T11:55:00.000Z'], '2026-11-24T12:01:00.000Z'],
  ['that has never been called yet', [], '2026-11-24T12:01:00.000Z'],
])('finds nothing wrong with an app %s', async (name, ticks, now) => {
  const report = await healthAt(name, ticks, now);
  expect(report.status).toBe('healthy');
  expect(report.checks.map((check) => check.name)).toEqual(['configuration', 'keyVault', 'storage']);
});
