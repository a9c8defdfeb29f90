import { describe, expect, it } from 'vitest';
import type { AppInsights, AppInsightsFault } from '../../../src/local/appInsights/appInsights.ts';
import type { Outcome } from '../../../src/outcomes/outcome.ts';
import {
  type AvailabilityOptions,
  availabilitySink,
  createAvailability,
} from '../../../src/telemetry/appInsights/availability.ts';
import { useManagedIdentity } from '../../support/azureIdentity.ts';
import { buildOutcome } from '../../support/buildOutcome.ts';
import { ingestionOf } from '../../support/ingestionOf.ts';
import { packagesLoadedBy } from '../../support/packagesLoadedBy.ts';
import { startTestAppInsights } from '../../support/testAppInsights.ts';
import { unusedPort } from '../../support/unusedPort.ts';

const testIdentity = useManagedIdentity();
const traceParent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const rejected = buildOutcome({
  runId: 'a0000000-0000-4000-8000-000000000001',
  verdict: 'failing',
  reasons: ['DPS refused the device at register: 401002 Invalid certificate.', 'Check the enrollment.'],
  phases: { keyVault: 1, register: 20.5 },
  polls: 0,
  result: { kind: 'rejected', phase: 'register', status: 401, errorCode: 401002, trackingId: 'track-1', message: 'no' },
});
const unknown = buildOutcome({
  verdict: 'unknown',
  reasons: ['the vault throttles its callers'],
  result: { kind: 'notRun', phase: 'keyVault', cause: 'throttled', message: 'the vault throttles its callers' },
});

describe('createAvailability', () => {
  it('sends a healthy outcome as an availability result of the invocation', async () => {
    const appInsights = await startTestAppInsights();
    const outcome = buildOutcome();
    await availabilitySink(availabilityAt(appInsights), traceParent).write(outcome);

    expect(await appInsights.nextAvailability()).toEqual({
      name: 'Microsoft.ApplicationInsights.Availability',
      time: outcome.startedAt,
      iKey: expect.any(String),
      tags: {
        'ai.cloud.role': 'dps-canary',
        'ai.operation.id': '0af7651916cd43dd8448eb211c80319c',
        'ai.operation.parentId': 'b7ad6b7169203331',
      },
      data: {
        baseType: 'AvailabilityData',
        baseData: {
          ver: 2,
          id: outcome.runId,
          name: 'weu-group-key',
          duration: '00:00:03.4125000',
          success: true,
          runLocation: 'westeurope',
          message: 'assigned',
          properties: {
            probe: 'weu-group-key',
            registrationId: 'canary-001',
            runId: outcome.runId,
            trigger: 'timer',
            location: 'westeurope',
            operationalCertificate: 'none',
            verdict: 'healthy',
            result: 'assigned',
            reason: 'assigned',
            assignedHub: 'hub-a.azure-devices.net',
            deviceId: 'canary-001',
            substatus: 'initialAssignment',
            serverAddress: '20.61.99.14',
          },
          // The secret expires first.
          measurements: { ...outcome.phases, polls: 2, certificateDaysLeft: expect.closeTo(68.4, 1) },
        },
      },
    });
    expect(appInsights.requests).toEqual([
      { path: '/v2.1/track', gzip: false, withToken: false, status: 200, received: 1 },
    ]);
  });

  it('sends the reason of a failing outcome, and the data for support', async () => {
    const { data } = await sendOne(rejected);
    expect(data.baseData).toMatchObject({
      success: false,
      message: 'DPS refused the device at register: 401002 Invalid certificate.\nCheck the enrollment.',
      properties: {
        verdict: 'failing',
        result: 'rejected',
        phase: 'register',
        reason: 'rejected:401002@register',
        errorCode: '401002',
        trackingId: 'track-1',
      },
      measurements: { keyVault: 1, register: 20.5, polls: 0 },
    });
  });

  it('has no certificateDaysLeft when nothing expires', async () => {
    const { server: _server, credential: _credential, ...endless } = buildOutcome();
    const { data } = await sendOne(endless);
    expect(data.baseData.measurements).toEqual({ ...endless.phases, polls: 2 });
  });

  it('counts a degraded outcome as up, with its reasons as the message', async () => {
    const { data } = await sendOne(buildOutcome({ verdict: 'degraded', reasons: ['slow'] }));
    expect(data.baseData).toMatchObject({ success: true, message: 'slow', properties: { verdict: 'degraded' } });
  });

  it('does not count unknown as up or down, but shows that the prober lives', async () => {
    const appInsights = await startTestAppInsights();
    await availabilityAt(appInsights).send([unknown], traceParent);
    expect(appInsights.envelopes).toHaveLength(1);
    expect(appInsights.envelopes[0]).toMatchObject({
      name: 'Microsoft.ApplicationInsights.Event',
      tags: { 'ai.operation.id': '0af7651916cd43dd8448eb211c80319c' },
      data: {
        baseType: 'EventData',
        baseData: {
          name: 'ProbeUnknown',
          properties: { probe: 'weu-group-key', verdict: 'unknown', reason: 'notRun:throttled@keyVault' },
        },
      },
    });
  });

  it('sends several outcomes in one request, and no request without outcomes', async () => {
    const appInsights = await startTestAppInsights();
    const availability = availabilityAt(appInsights);
    await availability.send([]);
    await availability.send([buildOutcome(), rejected, unknown]);
    expect(appInsights.requests.map((request) => request.received)).toEqual([3]);
  });

  it.each([undefined, '', '00-00000000000000000000000000000000-b7ad6b7169203331-01'])(
    'creates an operation for each run if the invocation has no trace: %j',
    async (header) => {
      const { tags } = await sendOne(buildOutcome({ runId: '5f0c3f5e-6b0e-4d0f-9f5a-2b1c7d9e4a10' }), header);
      expect(tags).toEqual({ 'ai.cloud.role': 'dps-canary', 'ai.operation.id': '5f0c3f5e6b0e4d0f9f5a2b1c7d9e4a10' });
    },
  );

  it.each<[AppInsightsFault, string]>([
    ['badRequest', 'responded 400 and accepted 0 of 2, 400: The fault badRequest.'],
    ['throttled', 'responded 429 and accepted 0 of 2, 429: The fault throttled.'],
    ['unavailable', 'responded 500 and accepted 0 of 2, 500: The fault unavailable.'],
    ['partial', 'responded 206 and accepted 1 of 2, 500: The fault partial.'],
    ['silent', 'cannot be reached: no response in time'],
  ])('rejects after one attempt when the service is %s', async (fault, message) => {
    const appInsights = await startTestAppInsights();
    appInsights.setFault(fault);
    await expect(
      availabilityAt(appInsights, fault === 'silent' ? { timeoutMs: 300 } : {}).send([rejected, unknown]),
    ).rejects.toThrow(`Application Insights at localhost ${message}`);
    expect(appInsights.requests).toHaveLength(1);
  });

  it('rejects when the component is not the one of the key', async () => {
    const appInsights = await startTestAppInsights();
    const connectionString = appInsights.connectionString.replace(
      /InstrumentationKey=[^;]+/,
      'InstrumentationKey=00000000-0000-4000-8000-000000000000',
    );
    await expect(availabilityAt({ ...appInsights, connectionString }).send([rejected])).rejects.toThrow(
      'responded 400 and accepted 0 of 1, 400: Invalid instrumentation key',
    );
  });

  it('rejects when no server listens, and works once one does', async () => {
    const port = await unusedPort();
    const appInsights = await startTestAppInsights({ port });
    const availability = availabilityAt(appInsights);
    await appInsights.close();
    await expect(availability.send([rejected])).rejects.toThrow(
      'Application Insights at localhost cannot be reached: ECONNREFUSED',
    );
    const again = await startTestAppInsights({ port });
    await expect(availability.send([rejected])).rejects.toThrow('Invalid instrumentation key'); // a response, although of another component
    expect(again.requests).toHaveLength(1);
  });

  it('requests a token of the managed identity when the component refuses telemetry with only a key', async () => {
    const { endpoint, settings } = testIdentity();
    const appInsights = await startTestAppInsights({ checkToken: endpoint.checkToken });
    await expect(availabilityAt(appInsights).send([rejected])).rejects.toThrow('responded 401');

    const authenticationString = `Authorization=AAD;ClientId=${settings.clientId}`;
    const ingestion = ingestionOf(appInsights.connectionString, authenticationString);
    await availabilityAt(appInsights, { ingestion }).send([rejected]);
    expect(appInsights.requests.map(({ status, withToken }) => [status, withToken])).toEqual([
      [401, false],
      [200, true],
    ]);
    expect(endpoint.requests.filter((request) => request.clientId === settings.clientId)).toEqual([
      { resource: 'https://monitor.azure.com', clientId: settings.clientId, status: 200 },
    ]);
  });

  it('rejects when there is no token', async () => {
    const { endpoint } = testIdentity();
    endpoint.setFault('noIdentity');
    const appInsights = await startTestAppInsights({ checkToken: endpoint.checkToken });
    await expect(
      availabilityAt(appInsights, { ingestion: ingestionOf(appInsights.connectionString, 'Authorization=AAD') }).send([
        rejected,
      ]),
    ).rejects.toThrow('No User Assigned or Delegated Managed Identity found');
  });

  it('loads no client before the first outcome', { timeout: 120_000 }, () => {
    const create = `exports.createAvailability({
      ingestion: { instrumentationKey: '00000000-0000-4000-8000-000000000000', trackUrl: 'https://localhost:1/v2.1/track' },
      identity: { managedIdentity: false },
    })`;
    expect(packagesLoadedBy('telemetry/appInsights/availability.ts', create)).toEqual(['zod']);
    expect(
      packagesLoadedBy(
        'telemetry/appInsights/availability.ts',
        `await ${create}.send([${JSON.stringify(rejected)}]).catch(() => {})`,
      ),
    ).toContain('@azure/core-rest-pipeline');
  });
});

function availabilityAt(
  { connectionString }: Pick<AppInsights, 'connectionString'>,
  options: Partial<AvailabilityOptions> = {},
) {
  return createAvailability({
    ingestion: ingestionOf(connectionString),
    identity: testIdentity().settings,
    ...options,
  });
}

async function sendOne(outcome: Outcome, header?: string) {
  const appInsights = await startTestAppInsights();
  await availabilityAt(appInsights).send([outcome], header);
  return appInsights.nextAvailability();
}
