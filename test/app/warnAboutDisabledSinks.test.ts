import { InvocationContext } from '@azure/functions';
import { expect, it } from 'vitest';
import { createRunContext } from '../../src/app/runContext.ts';
import type { Services } from '../../src/app/services.ts';
import { parseSettings } from '../../src/config/settings.ts';
import { createDeviceLeases } from '../../src/probes/deviceLease.ts';
import { createAvailability } from '../../src/telemetry/appInsights/availability.ts';
import { ingestionOf } from '../support/ingestionOf.ts';

const identity = { managedIdentity: false, clientId: undefined };
const secrets = {
  load: async () => undefined,
  read: async () => Promise.reject(new Error('nothing is read here')),
  invalidate: () => undefined,
};
const applicationInsights = createAvailability({
  ingestion: ingestionOf(
    'InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=https://localhost/',
  ),
  identity,
});

function canaryWith(parts: Partial<Services>): Services {
  const parsed = parseSettings({});
  if (parsed.kind === 'invalid') throw new Error('no setting is required');
  return {
    settings: parsed.settings,
    probes: [],
    leases: createDeviceLeases(),
    identity,
    secrets,
    freshSecrets: secrets,
    ...parts,
  };
}

function warningsOfTwoInvocations(services: Services): string[] {
  const warnings: string[] = [];
  const context = new InvocationContext({
    functionName: 'runProbes',
    logHandler: (level, ...words) => level === 'warning' && warnings.push(words.join(' ')),
  });
  createRunContext(services, 'timer', context);
  createRunContext(services, 'timer', context);
  return warnings;
}

it('warns once, and not in each scheduled run, that there is no Application Insights and no history', () => {
  expect(warningsOfTwoInvocations(canaryWith({}))).toEqual([
    expect.stringMatching(/^Neither OutcomesStorage nor AzureWebJobsStorage is set/),
    expect.stringMatching(/^APPLICATIONINSIGHTS_CONNECTION_STRING is not set/),
  ]);
});

it('does not warn about configured sinks', () => {
  const [history, ...more] = warningsOfTwoInvocations(canaryWith({ availability: applicationInsights }));
  expect(history).toContain('OutcomesStorage');
  expect(more).toEqual([]);
});
