import { once } from 'node:events';
import { createServer, type Server as HttpServer, request } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { type CloudStandIns, startCloudStandIns } from '../support/cloudStandIns.ts';
import { plantedSecrets } from '../support/plantedSecrets.ts';
import { type RunningApp, startRunningApp } from '../support/runningApp.ts';

const primaryKey = plantedSecrets.groupKey;
const probeCount = process.env.LARGE ? 100 : 40;
let cloud: CloudStandIns;
let app: RunningApp;
/** Accepts connections and never responds. */
let silent: Server;
let connectionsToSilence = 0;
const sockets = new Set<Socket>();
/** Passes the app's requests on to the storage, and counts them. */
let storage: HttpServer;
let storageRequests = 0;

const portOf = (server: Server | HttpServer) => (server.address() as AddressInfo).port;

beforeAll(async () => {
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
  silent = createTcpServer((socket) => {
    connectionsToSilence += 1;
    sockets.add(socket.on('error', () => undefined));
  }).listen(0, '127.0.0.1');
  const tables = new URL(cloud.azurite.tableServiceUri);
  storage = createServer((incoming, response) => {
    storageRequests += 1;
    const { method, url, headers } = incoming;
    const passed = request({ host: tables.hostname, port: tables.port, path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(passed.on('error', () => response.destroy()));
  }).listen(0, '127.0.0.1');
  await Promise.all([once(silent, 'listening'), once(storage, 'listening')]);
  const attestation = { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' };
  const shared = { idScope: '0neLOCAL', attestation, timeoutSeconds: 20 };
  const globalDeviceEndpoint = `localhost:${cloud.dps.mqttsPort}`;
  const probes = [
    ...Array.from({ length: probeCount }, (_, number) => ({
      ...shared,
      name: `probe-${number}`,
      registrationId: `device-${number}`,
      globalDeviceEndpoint,
    })),
    {
      ...shared,
      name: 'hangs',
      registrationId: 'hangs',
      globalDeviceEndpoint: `127.0.0.1:${portOf(silent)}`,
      timeoutSeconds: 6,
    },
  ];
  const passedOn = `http://127.0.0.1:${portOf(storage)}`;
  app = await startRunningApp({
    ...cloud.settings,
    OutcomesStorage: cloud.azurite.connectionString.replace(tables.origin, passedOn),
    PROBES: JSON.stringify(probes),
    STATUS_PAGE_AUTH: 'anonymous',
  });
});
afterAll(async () => {
  await app?.close();
  for (const socket of sockets) socket.destroy();
  silent?.close();
  storage?.closeAllConnections();
  storage?.close();
  await cloud?.close();
});

const run = (probe: string, init: RequestInit = {}) =>
  app.call(`probes/${probe}/runs`, { method: 'POST', headers: { 'x-functions-key': app.key }, ...init });

describe('a crowd', () => {
  it('of four anonymous readers of the page shares one report, and runs continue as before (faults 22, 54)', {
    timeout: 120_000,
  }, async () => {
    const visit = () => app.call('status', { headers: { accept: 'text/html' } });
    const before = storageRequests;
    expect((await visit()).status).toBe(200);
    const requestsOfOne = storageRequests - before;
    expect(requestsOfOne).toBeGreaterThan(probeCount);

    const begin = performance.now();
    const visitsOfEach = 10;
    const reader = async () => {
      for (let visits = 0; visits < visitsOfEach; visits += 1) expect((await visit()).status).toBe(200);
    };
    const runs: Outcome[] = [];
    const probing = async () => {
      for (let number = 0; number < 5; number += 1) runs.push((await run(`probe-${number}`)).json<Outcome>());
    };
    await Promise.all([reader(), reader(), reader(), reader(), probing()]);
    const tookMs = performance.now() - begin;
    expect(runs.map(({ verdict }) => verdict)).toEqual(Array(5).fill('healthy'));
    // One report in ten seconds, and a few requests of each run: 41 reports were more than forty times as many.
    const reports = 2 + Math.ceil(tookMs / 10_000);
    expect(storageRequests - before).toBeLessThan(requestsOfOne * reports + 5 * 20);
    // With a hundred probes, the plan took three seconds for each reader: over two minutes.
    expect(tookMs).toBeLessThan(60_000);
  });

  it('of ten callers that have disconnected delays no scheduled run (fault 49)', { timeout: 120_000 }, async () => {
    const connected = connectionsToSilence;
    const abandoned = Array.from({ length: 10 }, async () => {
      const controller = new AbortController();
      const call = run('hangs', { signal: controller.signal }).catch(() => 'gone');
      await expect.poll(() => connectionsToSilence, { timeout: 30_000 }).toBeGreaterThan(connected);
      controller.abort();
      return call;
    });
    expect(await Promise.all(abandoned)).toEqual(Array(10).fill('gone'));
    await app.runFunction('runProbes');
    const outcomes = app.log
      .map(({ message }) => (message.startsWith('{"runId"') ? (JSON.parse(message) as Outcome) : undefined))
      .filter((outcome) => outcome?.trigger === 'timer');
    expect(new Set(outcomes.map((outcome) => outcome?.probe)).size).toBe(probeCount + 1);
    // The run that the callers shared, and the scheduled one behind it.
    expect(connectionsToSilence - connected).toBe(2);
    const hanging = outcomes.filter((outcome) => outcome?.probe === 'hangs');
    expect(hanging, JSON.stringify(hanging)).toMatchObject([{ verdict: 'failing', result: { kind: 'timedOut' } }]);
  });
});
