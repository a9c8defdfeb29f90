import { AzureMonitorLogExporter } from '@azure/monitor-opentelemetry-exporter';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { AppInsights } from '../../src/local/appInsights/appInsights.ts';
import { createAvailability } from '../../src/telemetry/appInsights/availability.ts';
import { timeSpan } from '../../src/telemetry/appInsights/availabilityEnvelope.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { ingestionOf } from '../support/ingestionOf.ts';
import { startTestAppInsights } from '../support/testAppInsights.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

it('sends what the exporter of Microsoft sends for the same availability result', async () => {
  const outcome = buildOutcome();
  const appInsights = await startTestAppInsights();
  await createAvailability({
    ingestion: ingestionOf(appInsights.connectionString),
    identity: { managedIdentity: false },
  }).send([outcome], `00-${traceId}-${spanId}-01`);
  const ours = await appInsights.nextAvailability();
  const { properties, measurements } = ours.data.baseData;
  await exportAvailability(appInsights, {
    'microsoft.availability.id': outcome.runId,
    'microsoft.availability.name': outcome.probe,
    'microsoft.availability.duration': timeSpan(outcome.durationMs),
    'microsoft.availability.success': true,
    'microsoft.availability.runLocation': outcome.location,
    'microsoft.availability.message': 'assigned',
    'microsoft.custom_measurements': JSON.stringify(measurements),
    ...properties,
  });
  const theirs = await appInsights.nextAvailability();

  expect(ours.data).toEqual(theirs.data);
  expect(ours.name).toBe(theirs.name);
  expect(theirs.tags).toMatchObject({ 'ai.operation.id': traceId, 'ai.operation.parentId': spanId });
  expect(ours.tags).toMatchObject({ 'ai.operation.id': traceId, 'ai.operation.parentId': spanId });
  expect(appInsights.requests.map(({ path }) => path)).toEqual(['/v2.1/track', '/v2.1/track']);
});

type LogRecords = Parameters<AzureMonitorLogExporter['export']>[0];

async function exportAvailability({ connectionString }: AppInsights, attributes: LogRecords[number]['attributes']) {
  vi.stubEnv('APPLICATION_INSIGHTS_NO_STATSBEAT', '1'); // or it reports on itself to Microsoft
  const exporter = new AzureMonitorLogExporter({ connectionString, disableOfflineStorage: true });
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await exporter.shutdown();
  });
  const record: Partial<LogRecords[number]> = {
    hrTime: [1_790_000_000, 0],
    spanContext: { traceId, spanId, traceFlags: 1 },
    attributes,
  };
  const result = await new Promise((resolve) => exporter.export([record as LogRecords[number]], resolve));
  expect(result).toMatchObject({ code: 0 });
}
