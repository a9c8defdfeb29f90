import { once } from 'node:events';
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import { createOutcomeHistory } from '../../src/history/history.ts';
import { historySink } from '../../src/history/historySink.ts';
import { createSecretReader } from '../../src/keyvault/secretReader.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { reasonCode } from '../../src/outcomes/reasonCode.ts';
import type { OutcomeSink } from '../../src/outcomes/recordOutcome.ts';
import { createDeviceLeases } from '../../src/probes/deviceLease.ts';
import { type RunContext, runAndRecord } from '../../src/probes/runAndRecord.ts';
import { createLeases } from '../../src/storage/leases.ts';
import { availabilitySink, createAvailability } from '../../src/telemetry/appInsights/availability.ts';
import { createOtlpTelemetry } from '../../src/telemetry/otlp/otlpTelemetry.ts';
import { startTestVault, useManagedIdentity } from '../support/azureIdentity.ts';
import { ingestionOf } from '../support/ingestionOf.ts';
import { authority, deviceKey, localProbe, startLocalDps, vaultOf } from '../support/localProbe.ts';
import { connectionStringFor, tablesAt } from '../support/useHistory.ts';
import { type Dependency, type Misbehaviour, misbehaviours, survives } from './dependencies.ts';

const testIdentity = useManagedIdentity();
const servers: Server[] = [];
let dps: RunningDps;
let certificate: Awaited<ReturnType<typeof authority.issueServer>>;

// OpenTelemetry's SDK is registered once for a process, as MSAL is.
let collectorResponse: RequestListener = () => undefined;
const collectorServer = createHttp((request, response) => collectorResponse(request, response));
const telemetry = createOtlpTelemetry('dps-canary');
let identityResponse: RequestListener = () => undefined;
const identityServer = createHttp((request, response) => identityResponse(request, response));

beforeAll(async () => {
  for (const server of [identityServer, collectorServer]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collectorServer.address() as AddressInfo).port}`;
  process.env.IDENTITY_ENDPOINT = `http://127.0.0.1:${(identityServer.address() as AddressInfo).port}/msi/token`;
  [dps, certificate] = await Promise.all([startLocalDps(), authority.issueServer()]);
});
afterAll(async () => {
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  for (const server of [identityServer, collectorServer]) {
    server.closeAllConnections();
    server.close();
  }
  await dps?.close();
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const responses: Readonly<Record<Misbehaviour, RequestListener>> = {
  silent: () => undefined,
  forbidden: (_, response) => response.writeHead(403).end(),
  notFound: (_, response) => response.writeHead(404).end(),
  throttledSeconds: (_, response) => response.writeHead(429, { 'retry-after': '30' }).end(),
  throttledDate: (_, response) =>
    response.writeHead(429, { 'retry-after': new Date(Date.now() + 30_000).toUTCString() }).end(),
  unavailable: (_, response) => response.writeHead(503).end(),
  html: (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>a proxy</html>'),
  slow(_, response) {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 50);
    response.on('close', () => clearInterval(timer));
  },
  // A TLS socket cannot be reset, so it is closed without a response.
  reset: ({ socket }) => void ('encrypted' in socket ? socket.destroy() : socket.resetAndDestroy()),
};

/** A server with this misbehaviour; returns its port. */
async function away(how: Misbehaviour, secure: boolean): Promise<number> {
  const server = secure ? createHttps(certificate, responses[how]) : createHttp(responses[how]);
  servers.push(server as Server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** All dependencies are available except this one. */
const contexts: Readonly<Record<Dependency, (how: Misbehaviour) => Promise<Partial<RunContext>>>> = {
  async vault(how) {
    const vaultUrl = `https://localhost:${await away(how, true)}`;
    return { readSecret: createSecretReader({ vaultUrl, identity: testIdentity().settings }).read };
  },
  async identity(how) {
    const identity = testIdentity();
    const vault = await startTestVault(identity, { secrets: { 'device-key': deviceKey } });
    // MSAL caches the endpoint until the process ends, so one server shows all misbehaviours.
    identityResponse = responses[how];
    return { readSecret: createSecretReader({ vaultUrl: vault.url, identity: identity.settings }).read };
  },
  async storage(how) {
    const open = tablesAt(connectionStringFor(await away(how, false)));
    const history = createOutcomeHistory(open, 'here');
    return { history, leases: createDeviceLeases(createLeases(open('deviceLeases'))), sinks: [historySink(history)] };
  },
  async ingestion(how) {
    const endpoint = `https://localhost:${await away(how, true)}`;
    const ingestion = ingestionOf(
      `InstrumentationKey=00000000-0000-4000-8000-000000000000;IngestionEndpoint=${endpoint}`,
    );
    return { sinks: [availabilitySink(createAvailability({ ingestion, identity: { managedIdentity: false } }))] };
  },
  async collector(how) {
    collectorResponse = responses[how];
    return { sinks: [telemetry.sink()] };
  },
};

async function runWithout(dependency: Dependency, how: Misbehaviour) {
  const kept: Outcome[] = [];
  const errors: string[] = [];
  const memory: OutcomeSink = { name: 'memory', write: async (outcome) => void kept.push(outcome) };
  const { sinks = [], ...context } = await contexts[dependency](how);
  const isCredential = dependency === 'vault' || dependency === 'identity';
  const result = await runAndRecord(localProbe(dps, { timeoutSeconds: isCredential ? 2 : 10 }), {
    readSecret: vaultOf(),
    forgetSecret: () => undefined,
    location: 'here',
    trigger: 'timer',
    leases: createDeviceLeases(),
    sinks: [memory, ...sinks],
    reportSinkError: ({ sink }) => errors.push(sink),
    reportUnexpected: (stack) => expect.unreachable(stack),
    ...context,
  });
  if (result.kind !== 'ran') throw new Error(result.kind);
  return { outcome: result.outcome, kept, errors };
}

describe.each(Object.keys(survives) as Dependency[])('a run while the %s is not available', (dependency) => {
  it.each(Object.keys(misbehaviours) as Misbehaviour[])(
    'has an outcome, which is recorded: %s',
    async (how) => {
      const { outcome, kept, errors } = await runWithout(dependency, how);
      expect([`${outcome.verdict}: ${reasonCode(outcome)}`, ...errors].join('; ')).toBe(survives[dependency][how]);
      expect(kept.map(({ runId }) => runId)).toEqual([outcome.runId]);
      expect(outcome.durationMs).toBeLessThan(10_000);
      const lease = outcome.notes?.filter((note) => note.includes('lease')) ?? [];
      expect(lease).toHaveLength(dependency === 'storage' ? 1 : 0);
    },
    40_000,
  );
});
