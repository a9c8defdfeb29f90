import { expect, it } from 'vitest';
import { checkHealth } from '../../src/app/checkHealth.ts';
import type { Services } from '../../src/app/services.ts';
import { probeSchema } from '../../src/config/probe.ts';
import { parseSettings } from '../../src/config/settings.ts';
import { createDeviceLeases } from '../../src/probes/deviceLease.ts';
import { claimChange, markDelivered, markFailed, stateTable } from '../../src/telemetry/webhook/stateChanges.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { probeJson } from '../support/probeJson.ts';
import { historyAt, tablesAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const secrets = {
  load: async () => undefined,
  read: async () => Promise.reject(new Error('nothing is read here')),
  invalidate: () => undefined,
};

const vault = 'https://vault.example';
const found = async (secret: string) => ({ kind: 'found', value: secret }) as const;

function settingsOf(environment: Readonly<Record<string, string>>) {
  const parsed = parseSettings(environment);
  if (parsed.kind === 'invalid') throw new Error('these settings are valid');
  return parsed.settings;
}

async function healthAt(location: string, starts: readonly string[], now: string) {
  const history = historyAt(azurite.connectionString(), location);
  for (const start of starts) {
    await history.startHeartbeat('probes', { scheduledAt: new Date(start), instance: 'one' });
  }
  const services: Services = {
    settings: settingsOf({ PROBE_LOCATION: location }),
    probes: [],
    identity: { managedIdentity: false },
    secrets,
    freshSecrets: secrets,
    leases: createDeviceLeases(),
    history,
  };
  return checkHealth({ kind: 'configured', services }, new Date(now));
}

it('reports that no scheduled run starts although HTTP works (field report 20)', async () => {
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
])('reports no issue of an app %s', async (name, starts, now) => {
  const report = await healthAt(name, starts, now);
  expect(report.status).toBe('healthy');
  expect(report.checks.map((check) => check.name)).toEqual(['configuration', 'keyVault', 'storage']);
});

it('reports a change that was not delivered to the webhook, until it is', async () => {
  const open = tablesAt(azurite.connectionString());
  const probe = probeSchema.parse(probeJson({ name: 'hooked' }));
  const services: Services = {
    settings: settingsOf({ PROBE_LOCATION: 'hooked', WEBHOOK_URL_SECRET: 'chat-address', KEY_VAULT_URL: vault }),
    probes: [probe],
    identity: { managedIdentity: false },
    secrets: { ...secrets, read: found },
    freshSecrets: { ...secrets, read: found },
    leases: createDeviceLeases(),
    openTable: open,
    history: historyAt(azurite.connectionString(), 'hooked'),
  };
  const last = async () => (await checkHealth({ kind: 'configured', services })).checks.at(-1);
  expect(await last()).toEqual({
    name: 'webhook',
    ok: true,
    detail: 'nothing had to be posted to WEBHOOK_URL_SECRET so far',
  });
  const states = open(stateTable);
  const outcome = buildOutcome({ probe: 'hooked', location: 'hooked', verdict: 'failing' });
  const claimed = await claimChange(states, outcome);
  if (!claimed) throw new Error('a first run that fails is a change');
  await markFailed(states, claimed, 'it responded 404. Next: Check it');
  expect(await last()).toEqual({
    name: 'webhook',
    ok: false,
    detail: '1 change was not delivered to WEBHOOK_URL_SECRET: it responded 404. Next: Check it.',
  });
  const later = { ...outcome, verdict: 'degraded', startedAt: '2027-01-01T00:00:00.000Z' } as const;
  const claimedLater = await claimChange(states, later);
  if (claimedLater) await markDelivered(states, claimedLater);
  expect(await last()).toMatchObject({ name: 'webhook', ok: true });
});
