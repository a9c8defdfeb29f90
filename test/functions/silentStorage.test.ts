import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type CloudStandIns, startCloudStandIns } from '../support/cloudStandIns.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';
import { type RunningApp, startRunningApp } from '../support/runningApp.ts';

let cloud: CloudStandIns;
let app: RunningApp;
let settings: Parameters<typeof startRunningApp>[0];
let server: Server;
const sockets = new Set<Socket>();
let isSilent = true;
/** The client library would wait this long. */
const unavailable = 'HTTP/1.1 503 Server Busy\r\nRetry-After: 60\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

beforeAll(async () => {
  const primaryKey = plantedSecrets.groupKey;
  cloud = await startCloudStandIns({
    dps: {
      idScope: '0neLOCAL',
      retryAfterSeconds: 0,
      enrollmentGroups: [
        { enrollmentGroupId: 'fleet', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey } } },
      ],
    },
    secrets: { 'fleet-key': primaryKey },
  });
  // Accepts connections, reads requests, and never responds, or responds 503.
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('data', () => isSilent || socket.end(unavailable));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const probe = {
    name: 'fleet',
    idScope: '0neLOCAL',
    globalDeviceEndpoint: `localhost:${cloud.dps.mqttsPort}`,
    registrationId: 'fleet-1',
    attestation: { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' },
    everyMinutes: 5,
  };
  const silent = `DefaultEndpointsProtocol=http;AccountName=silent;AccountKey=${primaryKey};TableEndpoint=http://127.0.0.1:${port}/silent`;
  settings = { ...cloud.settings, OutcomesStorage: silent, PROBES: JSON.stringify([probe]) };
  app = await startRunningApp(settings);
});
afterAll(async () => {
  await app?.close();
  await cloud?.close();
  for (const socket of sockets) socket.destroy();
  server?.close();
});

const id = '0123456789abcdef01234567';

const routes = [
  ['GET', 'outcomes', 503],
  ['GET', 'metrics', 503],
  ['GET', 'health', 503],
  ['GET', 'probes', 200],
  ['GET', 'status', 200],
  ['GET', 'badges/fleet.svg', 200],
  ['GET', 'simulations', 503],
  ['GET', `simulations/${id}`, 503],
  ['HEAD', `simulations/${id}`, 503],
  ['GET', `simulations/${id}/outcomes`, 503],
  ['DELETE', `simulations/${id}`, 503],
  ['POST', 'simulations', 503],
] as const;

async function expectWithinTenSeconds(method: string, path: string, status: number, why: RegExp) {
  const startedAt = performance.now();
  const headers = { 'x-functions-key': app.key, accept: 'application/json' };
  const body = method === 'POST' ? '{"probe":"fleet","devices":1}' : undefined;
  const response = await app.call(path, { method, headers, ...(body && { body }) });
  expect(performance.now() - startedAt).toBeLessThan(10_500);
  expect(response.status).toBe(status);
  if (method !== 'HEAD' && !path.startsWith('badges')) expect(response.text).toMatch(why);
}

describe('fault 55: with storage that accepts and never responds', () => {
  beforeAll(() => {
    isSilent = true;
  });

  it.concurrent.each(routes)('%s /api/%s responds within 10 s with %d and the reason', (method, path, status) =>
    expectWithinTenSeconds(method, path, status, /did not (respond|answer) in time/),
  );

  it('a scheduled run on a cold process loses about 2 s before its probes run: heartbeat, due probes and lease together', async () => {
    const cold = await startRunningApp(settings);
    onTestFinished(() => cold.close());
    const connected = cloud.dps.requests.next({ kind: 'connect' });
    const startedAt = performance.now();
    const called = cold.runFunction('runProbes');
    await connected;
    // Each waited for 2 s before: 6 s.
    expect(performance.now() - startedAt).toBeLessThan(5_500);
    await called;
  });

  it('a probe runs all the same, and its outcome is returned', async () => {
    const response = await app.call('probes/fleet/runs', { method: 'POST' });
    expect(response.json()).toMatchObject({ verdict: 'healthy', probe: 'fleet' });
  });
});

describe('with storage that responds 503', () => {
  beforeAll(() => {
    isSilent = false;
  });

  it.concurrent.each(routes)('%s /api/%s responds within 10 s with %d and the reason', (method, path, status) =>
    expectWithinTenSeconds(method, path, status, /503|did not (respond|answer) in time/),
  );

  it('a probe runs all the same, and its outcome is returned', async () => {
    const response = await app.call('probes/fleet/runs', { method: 'POST' });
    expect(response.json()).toMatchObject({ verdict: 'healthy', notes: [expect.stringContaining('device lease')] });
  });
});
