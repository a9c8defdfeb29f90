import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CloudStandIns, startCloudStandIns } from '../support/cloudStandIns.ts';
import { type RunningApp, startRunningApp } from '../support/runningApp.ts';

let cloud: CloudStandIns;
let app: RunningApp;
let server: Server;
const sockets = new Set<Socket>();

beforeAll(async () => {
  const primaryKey = Buffer.from('the key of the fleet').toString('base64');
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
  // Accepts connections, reads requests, and never responds.
  server = createServer((socket) => {
    sockets.add(socket);
    socket.resume().on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const probe = {
    name: 'fleet',
    idScope: '0neLOCAL',
    globalDeviceEndpoint: `localhost:${cloud.dps.mqttsPort}`,
    registrationId: 'fleet-1',
    attestation: { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' },
  };
  const silent = `DefaultEndpointsProtocol=http;AccountName=silent;AccountKey=${primaryKey};TableEndpoint=http://127.0.0.1:${port}/silent`;
  app = await startRunningApp({ ...cloud.settings, OutcomesStorage: silent, PROBES: JSON.stringify([probe]) });
});
afterAll(async () => {
  await app?.close();
  await cloud?.close();
  for (const socket of sockets) socket.destroy();
  server?.close();
});

const id = '0123456789abcdef01234567';

describe('fault 55: with storage that accepts and never responds', () => {
  it.each([
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
  ])('%s /api/%s responds within 10 s with %d and the reason', async (method, path, status) => {
    const startedAt = performance.now();
    const headers = { 'x-functions-key': app.key, accept: 'application/json' };
    const body = method === 'POST' ? '{"probe":"fleet","devices":1}' : undefined;
    const response = await app.call(path, { method, headers, ...(body && { body }) });
    expect(performance.now() - startedAt).toBeLessThan(10_500);
    expect(response.status).toBe(status);
    if (method === 'HEAD' || path.startsWith('badges')) return;
    expect(response.text).toMatch(/did not (respond|answer) in time/);
  });

  it('a probe runs all the same, and its outcome is returned', async () => {
    const response = await app.call('probes/fleet/runs', { method: 'POST' });
    expect(response.json()).toMatchObject({ verdict: 'healthy', probe: 'fleet' });
  });
});
