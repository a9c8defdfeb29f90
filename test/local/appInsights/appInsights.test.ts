import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { AppInsights } from '../../../src/local/appInsights/appInsights.ts';
import { startManagedIdentity } from '../../../src/local/managedIdentity/managedIdentity.ts';
import { startTestAppInsights } from '../../support/testAppInsights.ts';

describe('startAppInsights', () => {
  it.each<[string, string, (envelopes: object[]) => string | Uint8Array<ArrayBuffer>, Record<string, string>]>([
    ['a JSON array', '/v2.1/track', (all) => JSON.stringify(all), {}],
    ['a JSON array at the older path', '/v2/track', (all) => JSON.stringify(all), {}],
    ['one envelope a line', '/v2/track', (all) => all.map((one) => JSON.stringify(one)).join('\n'), {}],
    [
      'a compressed array',
      '/v2.1/track',
      (all) => new Uint8Array(gzipSync(JSON.stringify(all))),
      { 'Content-Encoding': 'gzip' },
    ],
  ])('takes %s at %s', async (_, path, encode, headers) => {
    const appInsights = await startTestAppInsights();
    const response = await post(appInsights, path, encode([availability(appInsights), message(appInsights)]), headers);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ itemsReceived: 2, itemsAccepted: 2, errors: [] });
    expect(appInsights.envelopes.map((envelope) => envelope.data.baseType)).toEqual([
      'AvailabilityData',
      'MessageData',
    ]);
    expect(appInsights.requests).toMatchObject([
      { path, gzip: 'Content-Encoding' in headers, status: 200, received: 2 },
    ]);
  });

  it('returns availability results in order, including future ones', async () => {
    const appInsights = await startTestAppInsights();
    const [first, second] = [appInsights.nextAvailability(), appInsights.nextAvailability()];
    for (const id of ['one', 'two', 'three']) {
      await post(appInsights, '/v2.1/track', JSON.stringify([availability(appInsights, { id })]));
    }
    const ids = await Promise.all([first, second, appInsights.nextAvailability()]);
    expect(ids.map((envelope) => envelope.data.baseData.id)).toEqual(['one', 'two', 'three']);
  });

  it.each([
    [
      { duration: '3.4 s' },
      "109: Field 'duration' on type 'AvailabilityData' is not of the expected type. Expected: string (timespan), Actual: 3.4 s",
    ],
    [
      { duration: '25:00:00' },
      "109: Field 'duration' on type 'AvailabilityData' is not of the expected type. Expected: string (timespan), Actual: 25:00:00",
    ],
    [
      { success: 'true' },
      "103: Field 'success' on type 'AvailabilityData' is required but missing or empty. Expected: bool.",
    ],
    [
      { id: undefined },
      "103: Field 'id' on type 'AvailabilityData' is required but missing or empty. Expected: string.",
    ],
  ])('refuses an availability result that the service would refuse: %j', async (differences, text) => {
    const appInsights = await startTestAppInsights();
    const all = [availability(appInsights, differences), message(appInsights)];
    const response = await post(appInsights, '/v2.1/track', JSON.stringify(all));
    expect(response.status).toBe(206);
    expect(await response.json()).toEqual({
      itemsReceived: 2,
      itemsAccepted: 1,
      errors: [{ index: 0, statusCode: 400, message: text }],
    });
    expect(appInsights.envelopes).toHaveLength(1);
  });

  it.each([
    ['text that is not JSON', '/v2.1/track', 'hello', 400],
    ['an empty array', '/v2.1/track', '[]', 400],
    ['an envelope without data', '/v2.1/track', '[{"name":"a","time":"2026-01-01T00:00:00Z","iKey":"x"}]', 400],
    ['another path', '/v1/track', '[]', 404],
  ])('refuses %s', async (_, path, body, status) => {
    const appInsights = await startTestAppInsights();
    expect((await post(appInsights, path, body)).status).toBe(status);
    expect(appInsights.envelopes).toEqual([]);
  });

  it('requires a token for its audience when configured', async () => {
    const identity = await startManagedIdentity();
    const appInsights = await startTestAppInsights({ checkToken: identity.checkToken });
    await identity.close();
    const send = (resource: string) =>
      post(appInsights, '/v2.1/track', JSON.stringify([message(appInsights)]), {
        Authorization: `Bearer ${identity.issueToken(resource).value}`,
      });
    expect((await send('https://vault.azure.net')).status).toBe(401);
    expect((await send('https://monitor.azure.com')).status).toBe(200);
  });
});

function keyOf({ connectionString }: AppInsights): string {
  return /InstrumentationKey=([^;]+)/.exec(connectionString)?.[1] ?? '';
}

function availability(appInsights: AppInsights, differences: object = {}): object {
  const baseData = { ver: 2, id: 'id', name: 'probe', duration: '1.00:00:03.5', success: true, ...differences };
  return { ...message(appInsights), data: { baseType: 'AvailabilityData', baseData } };
}

function message(appInsights: AppInsights): object {
  const data = { baseType: 'MessageData', baseData: { ver: 2, message: 'text' } };
  return { name: 'Microsoft.ApplicationInsights', time: '2026-11-24T00:00:00Z', iKey: keyOf(appInsights), data };
}

function post(
  { connectionString }: AppInsights,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const endpoint = /IngestionEndpoint=([^;]+)\//.exec(connectionString)?.[1];
  return fetch(`${endpoint}${path}`, { method: 'POST', body, headers });
}
